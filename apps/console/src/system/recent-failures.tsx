import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { JobSummary } from '@tower/contracts';
import { jobsQuery } from '../api/queries';
import { linesOf } from '../jobs/job-lists';
import { useNow } from '../ui/now';
import { agoOf, counted } from '../ui/words';

const shownOfKind = 5;

/** Jobs that failed, by what was wrong, with what to do about it. */
export function RecentFailures() {
  const failed = useInfiniteQuery(jobsQuery({ state: 'failed' }));
  const late = useInfiniteQuery(jobsQuery({ state: 'timeout' }));
  const jobs = [failed, late].flatMap(({ data }) => linesOf(data));
  const kinds = Map.groupBy(jobs, ({ error }) => error?.code ?? 'no reason told');
  return (
    <section aria-labelledby="failures">
      <h2 id="failures">Recent failures</h2>
      {jobs.length === 0 ? (
        <p className="fine">None.</p>
      ) : (
        [...kinds].map(([code, ofKind]) => <Kind key={code} code={code} jobs={ofKind} />)
      )}
    </section>
  );
}

function Kind({ code, jobs }: { code: string; jobs: readonly JobSummary[] }) {
  const nowMs = useNow();
  const [first] = jobs;
  return (
    <article className="panel">
      <h3>
        {code.replaceAll('_', ' ')}: {counted(jobs.length, 'job')}
      </h3>
      {first?.error?.hint !== undefined && first.error.hint !== '' && <p>{first.error.hint}</p>}
      <ul className="sentences">
        {jobs.slice(0, shownOfKind).map((job) => (
          <li key={job.id}>
            <Link to="/jobs/$id" params={{ id: job.id }}>
              <span dir="auto">{job.prompt === '' ? job.workflow : job.prompt}</span>
            </Link>{' '}
            <span className="fine">
              {job.ended_at !== null && agoOf(job.ended_at, nowMs)} {job.error?.message}
            </span>
          </li>
        ))}
      </ul>
    </article>
  );
}
