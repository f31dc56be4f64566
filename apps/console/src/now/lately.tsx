import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { JobSummary } from '@tower/contracts';
import { jobsQuery } from '../api/queries';
import { linesOf } from '../jobs/job-lists';
import { JobPicture } from '../jobs/job-picture';
import { StateMark } from '../ui/marks';
import { useNow } from '../ui/now';
import { agoOf } from '../ui/words';

const shown = 12;

/** What ended in each way, newest first; cancelled jobs are no news to whoever cancelled them. */
function useEnded(): JobSummary[] {
  const completed = useInfiniteQuery(jobsQuery({ state: 'completed' }));
  const rejected = useInfiniteQuery(jobsQuery({ state: 'rejected' }));
  const failed = useInfiniteQuery(jobsQuery({ state: 'failed' }));
  const late = useInfiniteQuery(jobsQuery({ state: 'timeout' }));
  return [completed, rejected, failed, late].flatMap(({ data }) => linesOf(data));
}

/** What ended last, with its picture or its reason. */
export function Lately() {
  const nowMs = useNow();
  const ended = useEnded()
    .toSorted((one, other) => ((one.ended_at ?? '') < (other.ended_at ?? '') ? 1 : -1))
    .slice(0, shown);
  if (ended.length === 0) return null;
  return (
    <section aria-labelledby="lately">
      <h2 id="lately">Lately</h2>
      <ul className="lately">
        {ended.map((job) => (
          <li key={job.id}>
            <Ended job={job} nowMs={nowMs} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Ended({ job, nowMs }: { job: JobSummary; nowMs: number }) {
  return (
    <Link className="ended" to="/jobs/$id" params={{ id: job.id }}>
      <JobPicture id={job.id} hasSome={job.images_complete > 0} />
      <span className="prompt" dir="auto">
        {job.prompt === '' ? job.workflow : job.prompt}
      </span>
      <span className="fine">
        <StateMark state={job.status} /> {job.ended_at !== null && agoOf(job.ended_at, nowMs)}
      </span>
      {job.error !== null && <span className="fine">{job.error.message}</span>}
    </Link>
  );
}
