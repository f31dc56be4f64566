import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { AttemptView, JobView, ScoreView } from '@tower/contracts';
import { jobEventsQuery, jobParamsQuery, jobQualityQuery } from '../api/queries';
import { Loading } from '../ui/empty';
import { Failure } from '../ui/failure';
import { Mark } from '../ui/marks';
import { useNow } from '../ui/now';
import { clockOf, durationOf } from '../ui/words';

/** Read only once somebody opens it. */
function Later({ title, children }: { title: string; children: () => ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{title}</summary>
      {isOpen && children()}
    </details>
  );
}

/** Attempts, scores, graphs and events: everything that happened, for whoever wants to know. */
export function JobStory({ job }: { job: JobView }) {
  const attempts = job.tasks.flatMap((task) => task.attempts.map((attempt) => ({ task: task.idx + 1, attempt })));
  return (
    <section aria-labelledby="story">
      <h2 id="story">How it was made</h2>
      {attempts.length > 0 && (
        <Later title={`Attempts: ${attempts.length}`}>
          {() => (
            <ul className="sentences">
              {attempts.map(({ task, attempt }) => (
                <li key={attempt.id}>
                  <Attempt attempt={attempt} name={job.count > 1 ? `Picture ${task}, attempt` : 'Attempt'} />
                </li>
              ))}
            </ul>
          )}
        </Later>
      )}
      <Later title="Scores">{() => <Scores id={job.id} />}</Later>
      <Later title="Graphs and versions">{() => <Graphs id={job.id} />}</Later>
      <Later title="Everything that happened">{() => <Events id={job.id} />}</Later>
    </section>
  );
}

function Attempt({ attempt, name }: { attempt: AttemptView; name: string }) {
  return (
    <>
      <strong>
        {name} {attempt.n}
      </strong>{' '}
      on {attempt.gpu}: {attempt.state}
      {attempt.seconds !== null && `, ${durationOf(attempt.seconds)}`}
      {attempt.estimated_seconds !== null && ` (expected ${durationOf(attempt.estimated_seconds)})`}
      {attempt.recovery !== null && `. ${attempt.recovery.detail}`}
      {attempt.error !== null && (
        <p>
          {attempt.error.message} {attempt.error.hint}
        </p>
      )}
    </>
  );
}

/** `lpips_temporal` as words. */
const inWords = (name: string): string => name.replaceAll('_', ' ');

export function Score({ score }: { score: ScoreView }) {
  if (score.state !== 'computed')
    return (
      <li>
        {inWords(score.metric)}:{' '}
        <span className="fine">
          {inWords(score.state)}, {inWords(score.reason)}
        </span>
      </li>
    );
  return (
    <li>
      {inWords(score.metric)}: <strong>{score.value.toPrecision(3)}</strong>
      {score.threshold !== null && <span className="fine"> of {score.threshold}</span>}{' '}
      {score.passed !== null && <Mark tone={score.passed ? 'good' : 'bad'}>{score.passed ? 'passed' : 'failed'}</Mark>}
    </li>
  );
}

function Scores({ id }: { id: string }) {
  const { data, error } = useQuery(jobQualityQuery(id));
  if (error !== null) return <Failure error={error} what="The scores could not be read." />;
  if (data === undefined) return <Loading what="the scores" />;
  if (data.attempts.length === 0) return <p className="fine">Nothing has been judged.</p>;
  return (
    <>
      {data.attempts.map((attempt) => (
        <div key={attempt.attempt_id}>
          <p>
            <Mark tone={attempt.verdict === 'passed' ? 'good' : 'bad'}>{attempt.verdict}</Mark>{' '}
            {attempt.reasons.join('; ')}
          </p>
          <ul className="scores">
            {attempt.scores.map((score) => (
              <Score key={score.metric} score={score} />
            ))}
          </ul>
        </div>
      ))}
    </>
  );
}

function Graphs({ id }: { id: string }) {
  const { data, error } = useQuery(jobParamsQuery(id));
  if (error !== null) return <Failure error={error} what="The graphs could not be read." />;
  if (data === undefined) return <Loading what="the graphs" />;
  if (data.length === 0) return <p className="fine">Nothing was sent to a card yet.</p>;
  return (
    <>
      {data.map((params) => (
        <details key={params.attempt_id}>
          <summary>
            Attempt {params.attempt} on {params.gpu}: {params.workflow} {params.workflow_version}, ComfyUI{' '}
            {params.comfyui_version ?? 'unknown'}
          </summary>
          <p className="fine">
            {params.device ?? 'device unknown'}, PyTorch {params.pytorch_version ?? 'unknown'}, graph{' '}
            <code>{params.graph_sha256.slice(0, 16)}</code>
          </p>
          <pre tabIndex={0}>{JSON.stringify(params.graph, null, 2)}</pre>
        </details>
      ))}
    </>
  );
}

function Events({ id }: { id: string }) {
  const { data, error } = useQuery(jobEventsQuery(id));
  const nowMs = useNow();
  if (error !== null) return <Failure error={error} what="The events could not be read." />;
  if (data === undefined) return <Loading what="the events" />;
  return (
    <ol className="events">
      {data.map((event) => (
        <li key={event.seq}>
          <time dateTime={event.at}>{clockOf(event.at, nowMs)}</time>{' '}
          {inWords(event.type.split('.').at(-1) ?? event.type)}
        </li>
      ))}
    </ol>
  );
}
