import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { JobView } from '@tower/contracts';
import { jobQuery, projectsQuery } from '../api/queries';
import { Loading } from '../ui/empty';
import { Failure } from '../ui/failure';
import { Bar, Fact, Mark, StateMark } from '../ui/marks';
import { useNow } from '../ui/now';
import { Ready } from '../ui/ready';
import { agoOf, clockOf, durationOf } from '../ui/words';
import { usePreview } from '../live/live-context';
import { Explanation } from './explanation';
import { JobActions, PriorityChoice } from './job-actions';
import { JobFiles } from './job-files';
import { JobStory } from './job-story';
import { jobStates, jobTypes } from './job-states';
import { useHowFar } from './use-how-far';

/** One job: how it stands, why, what came out, and everything about how it was made. */
export function JobPage(): ReactNode {
  const { id } = useParams({ from: '/jobs/$id' });
  const { data: job, error, refetch } = useQuery(jobQuery(id));
  if (error !== null && job === undefined)
    return <Failure error={error} what="This job could not be read." again={() => void refetch()} />;
  if (job === undefined) return <Loading what="the job" />;
  const { isOver } = jobStates[job.status];
  return (
    <>
      <header className="head">
        <h1 className="title-long" dir="auto">
          {job.prompt === '' ? job.workflow : job.prompt}
        </h1>
        <p className="lead">
          <StateMark state={job.status} /> {jobTypes[job.job_type]}
          {job.count > 1 && ` × ${job.count}`}, {job.workflow}, {job.preset}
        </p>
        <div className="acts">
          {!isOver && <PriorityChoice job={job} />}
          <JobActions job={job} isPaused={job.paused !== null} />
          <Link className="button button-quiet" to="/make" search={{ from: job.id }}>
            Make again
          </Link>
        </div>
      </header>
      {job.paused !== null && (
        <p className="banner banner-warn">
          <strong>Paused</strong> by {job.paused.by}
          {job.paused.reason !== '' && `: ${job.paused.reason}`}. Nothing more of it starts until it goes on.
        </p>
      )}
      {job.error !== null && <JobError error={job.error} />}
      <Notes job={job} />
      {!isOver && <HowFar job={job} />}
      {!isOver && <Explanation id={job.id} />}
      <JobFiles job={job} />
      <Facts job={job} />
      <JobStory job={job} />
    </>
  );
}

function JobError({ error }: { error: NonNullable<JobView['error']> }) {
  return (
    <div className="failure" role="alert">
      <strong>{error.message}</strong>
      {error.hint !== '' && <p>{error.hint}</p>}
      <p className="fine">
        <code>{error.code}</code>
      </p>
    </div>
  );
}

/** What was taken as asked and may not be meant, and what was given up. */
function Notes({ job }: { job: JobView }) {
  const notes = [...job.warnings, ...job.given_up.map(({ sentence }) => sentence)];
  if (notes.length === 0) return null;
  return (
    <ul className="notes">
      {notes.map((note) => (
        <li key={note}>{note}</li>
      ))}
    </ul>
  );
}

/** What each card draws of it at this moment. */
function Previews({ job: { id, gpus, status } }: { job: JobView }) {
  if (status !== 'processing') return null;
  return (
    <div className="previews">
      {gpus.map((gpu) => (
        <Preview key={gpu} id={id} gpu={gpu} />
      ))}
    </div>
  );
}

function Preview({ id, gpu }: { id: string; gpu: string }) {
  const preview = usePreview(id, gpu);
  return preview === undefined ? null : <img src={preview} alt={`What ${gpu} is drawing`} />;
}

function HowFar({ job }: { job: JobView }) {
  const { stage, progress, live } = useHowFar(job);
  return (
    <section className="panel" aria-label="How far it is">
      <Previews job={job} />
      <p>{stage}</p>
      <Bar percent={progress} label="Progress" />
      <p>
        <Ready estimate={live?.estimate ?? job.estimate} withBasis />
      </p>
    </section>
  );
}

const outlooks: Readonly<Record<NonNullable<JobView['deadline_outlook']>, readonly ['good' | 'warn' | 'bad', string]>> =
  {
    likely: ['good', 'likely kept'],
    possible: ['warn', 'may be kept'],
    unlikely: ['bad', 'hardly kept'],
    unknown: ['warn', 'not known'],
    kept: ['good', 'kept'],
    missed: ['bad', 'missed'],
  };

function Facts({ job }: { job: JobView }) {
  const nowMs = useNow();
  const { data: projects } = useQuery(projectsQuery(true));
  const project = projects?.find(({ id }) => id === job.project_id);
  return (
    <section aria-labelledby="facts">
      <h2 id="facts">How it was asked for</h2>
      <dl className="facts">
        <Fact name="Project">{project?.name ?? '…'}</Fact>
        <Fact name="Size">
          {job.width} × {job.height}
          {job.frame_count > 1 && `, ${job.frame_count} frames`}
          {job.fps !== null && ` at ${job.fps} per second`}
        </Fact>
        <Fact name="Seed">
          <code>{job.seed}</code>
        </Fact>
        <Fact name="Model">{job.model_name === '' ? 'none' : job.model_name}</Fact>
        {job.steps > 0 && <Fact name="Steps">{job.steps}</Fact>}
        <Fact name="Asked">{agoOf(job.created_at, nowMs)}</Fact>
        {job.total_seconds !== null && <Fact name="Took">{durationOf(job.total_seconds)}</Fact>}
        {job.only_gpu !== null && <Fact name="Only on">{job.only_gpu}</Fact>}
        {job.deadline_at !== null && (
          <Fact name="Wanted by">
            {clockOf(job.deadline_at, nowMs)}{' '}
            {job.deadline_outlook !== null && (
              <Mark tone={outlooks[job.deadline_outlook][0]}>{outlooks[job.deadline_outlook][1]}</Mark>
            )}
          </Fact>
        )}
        {job.retry_of !== null && (
          <Fact name="Repeats">
            <Link to="/jobs/$id" params={{ id: job.retry_of }}>
              an earlier job
            </Link>
          </Fact>
        )}
      </dl>
      <Prompts job={job} />
    </section>
  );
}

function Prompts({ job }: { job: JobView }) {
  return (
    <details>
      <summary>Prompt as it was sent</summary>
      <p className="prompt-text" dir="auto">
        {job.full_prompt === '' ? 'none' : job.full_prompt}
      </p>
      {job.full_negative_prompt !== '' && (
        <p className="prompt-text" dir="auto">
          <strong>Not: </strong>
          {job.full_negative_prompt}
        </p>
      )}
    </details>
  );
}
