import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { memo, useEffect, useRef } from 'react';
import type { JobSummary } from '@tower/contracts';
import { jobQuery } from '../api/queries';
import { Earlier, JobActions, PriorityChoice } from '../jobs/job-actions';
import { JobPicture } from '../jobs/job-picture';
import { jobTypes } from '../jobs/job-states';
import { useHowFar } from '../jobs/use-how-far';
import { Bar, StateMark } from '../ui/marks';
import { Ready } from '../ui/ready';

interface QueueRowProps {
  readonly job: JobSummary;
  readonly isMarked: boolean;
  /** The job that it may be put before. */
  readonly above: string | undefined;
}

/** One job of the line. Its estimate and whether it is paused are read while it is in sight. */
export const QueueRow = memo(function QueueRow({ job, isMarked, above }: QueueRowProps) {
  const { data: whole } = useQuery({ ...jobQuery(job.id), staleTime: 15_000, refetchInterval: 15_000 });
  const { status, stage, progress, live } = useHowFar(job);
  const link = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    if (isMarked) link.current?.focus({ preventScroll: true });
  }, [isMarked]);
  const name = job.prompt === '' ? job.workflow : job.prompt;
  const estimate = live?.estimate ?? whole?.estimate;
  return (
    <article className={isMarked ? 'row row-marked' : 'row'}>
      <JobPicture id={job.id} hasSome={job.images_complete > 0} />
      <div className="row-what">
        <Link ref={link} className="prompt" dir="auto" to="/jobs/$id" params={{ id: job.id }}>
          {name}
        </Link>
        <p className="fine">
          {whole?.paused === null || whole === undefined
            ? (live?.stage ?? whole?.stage ?? stage)
            : `Paused by ${whole.paused.by}`}
        </p>
      </div>
      <div className="row-how">
        <span>
          <StateMark state={status} />{' '}
          <span className="fine">
            {jobTypes[job.job_type]}
            {job.count > 1 && ` × ${job.count}`}
          </span>
        </span>
        {progress > 0 && <Bar percent={progress} label={`Progress of ${name}`} />}
      </div>
      <div className="row-when">{estimate !== undefined && <Ready estimate={estimate} />}</div>
      <div className="row-card fine">{job.gpus.join(', ')}</div>
      <div className="row-acts">
        {above !== undefined && <Earlier id={job.id} above={above} />}
        <PriorityChoice job={job} />
        <JobActions job={job} isPaused={whole === undefined ? undefined : whole.paused !== null} />
      </div>
    </article>
  );
});
