import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { JobExplanation } from '@tower/contracts';
import { explanationQuery } from '../api/queries';
import { Failure } from '../ui/failure';
import { Mark } from '../ui/marks';
import { durationOf } from '../ui/words';
import { WithdrawOrder } from './job-actions';

/** Why a job waits, what is before it, what each card makes of it, and what would help. */
export function Explanation({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(explanationQuery(id));
  if (error !== null && data === undefined)
    return <Failure error={error} what="Why it waits could not be read." again={() => void refetch()} />;
  if (data === undefined) return null;
  return (
    <section aria-labelledby="why">
      <h2 id="why">Why so</h2>
      <ul className="sentences">
        {data.sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      {data.position !== null && <WithdrawOrder id={id} />}
      <Sooner explanation={data} />
      <Ahead explanation={data} />
      <Stances explanation={data} />
    </section>
  );
}

function Sooner({ explanation: { sooner } }: { explanation: JobExplanation }) {
  if (sooner.length === 0) return null;
  return (
    <>
      <h3>What would make it ready sooner</h3>
      <ul className="sentences">
        {sooner.map(({ change, sentence }) => (
          <li key={change}>{sentence}</li>
        ))}
      </ul>
    </>
  );
}

function Ahead({ explanation: { ahead, ahead_omitted } }: { explanation: JobExplanation }) {
  if (ahead.length === 0) return null;
  return (
    <details>
      <summary>Before it: {ahead.length + (ahead_omitted ?? 0)}</summary>
      <ol className="sentences">
        {ahead.map((entry, index) => (
          <li key={`${index} ${entry.job_id ?? entry.gpu}`}>
            {entry.sentence}{' '}
            {entry.job_id !== null && (
              <Link to="/jobs/$id" params={{ id: entry.job_id }}>
                See it
              </Link>
            )}
          </li>
        ))}
      </ol>
    </details>
  );
}

function Stances({ explanation: { cards } }: { explanation: JobExplanation }) {
  if (cards.length === 0) return null;
  return (
    <details>
      <summary>What each card makes of it</summary>
      <ul className="sentences">
        {cards.map(({ gpu, takes_it, reason, seconds, basis }) => (
          <li key={gpu}>
            <strong>{gpu}</strong> <Mark tone={takes_it ? 'good' : 'warn'}>{takes_it ? 'takes it' : 'does not'}</Mark>{' '}
            {seconds !== null && `about ${durationOf(seconds)} there. `}
            {reason ?? ''}
            {basis !== null && <span className="fine"> {basis}</span>}
          </li>
        ))}
      </ul>
    </details>
  );
}
