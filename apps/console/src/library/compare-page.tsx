import { useQueries } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { ArtifactView, JobView } from '@tower/contracts';
import type { CompareSearch } from '../addresses';
import { artifactQuery, jobQuery } from '../api/queries';
import { Empty } from '../ui/empty';
import { Choice } from '../ui/field';
import { Mark } from '../ui/marks';
import { durationOf } from '../ui/words';

const uuidForm = /^[0-9a-f-]{36}$/;
const maxCompared = 4;

/** Two to four results side by side, with what differs between them. */
export function ComparePage(): ReactNode {
  const { ids = '' }: CompareSearch = useSearch({ from: '/compare' });
  const wanted = ids
    .split(',')
    .filter((id) => uuidForm.test(id))
    .slice(0, maxCompared);
  const artifacts = useQueries({ queries: wanted.map((id) => artifactQuery(id)) }).flatMap(({ data }) => data ?? []);
  const jobIds = [...new Set(artifacts.map(({ job_id }) => job_id))];
  const jobs = useQueries({ queries: jobIds.map((id) => jobQuery(id)) }).flatMap(({ data }) => data ?? []);
  const [zoom, setZoom] = useState('fit');
  if (wanted.length < 2)
    return (
      <Empty title="Nothing to compare" action={<Link to="/library">To the library</Link>}>
        Mark two to four pictures in the library, then compare them here.
      </Empty>
    );
  return (
    <>
      <header className="head">
        <h1>Side by side</h1>
        <Choice
          label="Zoom"
          value={zoom}
          onChange={setZoom}
          options={[
            ['fit', 'Fit'],
            ['pixels', 'Every pixel'],
          ]}
        />
      </header>
      <div className={`compare compare-${zoom}`}>
        {artifacts.map((artifact) => (
          <Side key={artifact.id} artifact={artifact} job={jobs.find(({ id }) => id === artifact.job_id)} />
        ))}
      </div>
      <Differences jobs={jobs} />
    </>
  );
}

function Side({ artifact, job }: { artifact: ArtifactView; job: JobView | undefined }) {
  return (
    <figure>
      <div className="picture" tabIndex={0}>
        {artifact.media_type.startsWith('video/') ? (
          <video src={artifact.content_url} poster={artifact.thumbnail_url} controls loop muted playsInline />
        ) : (
          <img src={artifact.content_url} alt={job?.prompt ?? ''} width={artifact.width} height={artifact.height} />
        )}
      </div>
      <figcaption className="fine">
        <Link to="/library/$id" params={{ id: artifact.id }}>
          Seed {artifact.seed}
        </Link>
        , {artifact.gpu}
        {artifact.seconds !== null && `, ${durationOf(artifact.seconds)}`}{' '}
        {artifact.verdict !== null && (
          <Mark tone={artifact.verdict === 'passed' ? 'good' : 'bad'}>{artifact.verdict}</Mark>
        )}
      </figcaption>
    </figure>
  );
}

/** Parameters whose values are not the same in all jobs. */
function Differences({ jobs }: { jobs: readonly JobView[] }) {
  if (jobs.length < 2) return null;
  const names = [...new Set(jobs.flatMap(({ parameters }) => Object.keys(parameters)))].sort();
  const rows = names
    .map((name) => ({ name, values: jobs.map(({ parameters }) => String(parameters[name] ?? 'none')) }))
    .filter(({ values }) => new Set(values).size > 1);
  if (rows.length === 0) return <p className="fine">Nothing but the seeds differs.</p>;
  return (
    <div className="scrolls" tabIndex={0} role="region" aria-label="What differs">
      <table>
        <caption>What differs</caption>
        <tbody>
          {rows.map(({ name, values }) => (
            <tr key={name}>
              <th scope="row">{name.replaceAll('_', ' ')}</th>
              {values.map((value, index) => (
                <td key={jobs[index]?.id ?? index} dir="auto">
                  {value}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
