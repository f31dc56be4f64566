import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { JobView } from '@tower/contracts';
import { jobArtifactsQuery } from '../api/queries';
import { Empty } from '../ui/empty';
import { Failure } from '../ui/failure';
import { jobStates } from './job-states';
import { Tile } from '../library/tile';

/** What came out, the best first; other attempts below. */
export function JobFiles({ job }: { job: JobView }) {
  const { data, error, refetch } = useQuery(jobArtifactsQuery(job.id));
  if (error !== null && data === undefined)
    return <Failure error={error} what="Its files could not be read." again={() => void refetch()} />;
  const best = data?.filter((artifact) => artifact.best) ?? [];
  const others = data?.filter((artifact) => !artifact.best) ?? [];
  if (best.length + others.length === 0)
    return jobStates[job.status].isOver ? null : (
      <Empty title="Nothing has come out yet">Pictures stand here as soon as they are in the library.</Empty>
    );
  return (
    <section aria-labelledby="files">
      <h2 id="files">What came out</h2>
      <div className="tiles tiles-few">
        {best.map((artifact) => (
          <Tile key={artifact.id} artifact={artifact} label={job.prompt} />
        ))}
      </div>
      {others.length > 0 && (
        <details>
          <summary>Other attempts: {others.length}</summary>
          <div className="tiles tiles-few">
            {others.map((artifact) => (
              <Tile key={artifact.id} artifact={artifact} label={job.prompt} />
            ))}
          </div>
        </details>
      )}
      {best.length > 1 && best.length <= 4 && (
        <Link className="button button-quiet" to="/compare" search={{ ids: best.map(({ id }) => id).join(',') }}>
          Compare side by side
        </Link>
      )}
    </section>
  );
}
