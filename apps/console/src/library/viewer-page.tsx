import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { ArtifactView, JobView } from '@tower/contracts';
import { artifactQuery, jobArtifactsQuery, jobQuery } from '../api/queries';
import { CopyRequest } from '../make/copy-request';
import { JobStory } from '../jobs/job-story';
import { useKeys } from '../shell/keys';
import { Button } from '../ui/button';
import { Loading } from '../ui/empty';
import { Failure } from '../ui/failure';
import { Fact, Mark } from '../ui/marks';
import { useNow } from '../ui/now';
import { agoOf, bytesOf, durationOf } from '../ui/words';
import { Film } from './film';

/** One picture or film, as large as there is room, with everything about how it was made. */
export function ViewerPage(): ReactNode {
  const { id } = useParams({ from: '/library/$id' });
  const { data: artifact, error, refetch } = useQuery(artifactQuery(id));
  if (error !== null && artifact === undefined)
    return <Failure error={error} what="This file could not be read." again={() => void refetch()} />;
  if (artifact === undefined) return <Loading what="the file" />;
  return <Viewer artifact={artifact} />;
}

/** The other results of the same job, for the arrows. */
function useNeighbours({ id, job_id }: ArtifactView): { before: string | undefined; after: string | undefined } {
  const { data = [] } = useQuery(jobArtifactsQuery(job_id));
  const at = data.findIndex((one) => one.id === id);
  return { before: data[at - 1]?.id, after: at < 0 ? undefined : data[at + 1]?.id };
}

function Viewer({ artifact }: { artifact: ArtifactView }) {
  const { data: job } = useQuery(jobQuery(artifact.job_id));
  const [isWhole, setWhole] = useState(true);
  const navigate = useNavigate();
  const { before, after } = useNeighbours(artifact);
  const go = (id: string | undefined) => () => {
    if (id !== undefined) void navigate({ to: '/library/$id', params: { id } });
  };
  useKeys({ ArrowLeft: go(before), ArrowRight: go(after), z: () => setWhole(!isWhole) });
  const isFilm = artifact.media_type.startsWith('video/');
  return (
    <>
      <header className="head">
        <h1 className="title-long" dir="auto">
          {job === undefined || job.prompt === '' ? 'Picture' : job.prompt}
        </h1>
        <Acts artifact={artifact} job={job} />
      </header>
      <div className="stage">
        {isFilm ? (
          <Film artifact={artifact} />
        ) : (
          <Picture artifact={artifact} isWhole={isWhole} label={job?.prompt ?? ''} />
        )}
      </div>
      <div className="acts">
        <Button kind="quiet" disabled={before === undefined} onClick={go(before)}>
          ← Previous
        </Button>
        <Button kind="quiet" disabled={after === undefined} onClick={go(after)}>
          Next →
        </Button>
        {!isFilm && (
          <Button kind="quiet" onClick={() => setWhole(!isWhole)}>
            {isWhole ? 'Every pixel' : 'Fit'}
          </Button>
        )}
      </div>
      <Facts artifact={artifact} job={job} />
      {job !== undefined && <JobStory job={job} />}
    </>
  );
}

function Picture({ artifact, isWhole, label }: { artifact: ArtifactView; isWhole: boolean; label: string }) {
  return (
    <div className={isWhole ? 'picture picture-whole' : 'picture'} tabIndex={isWhole ? -1 : 0}>
      <img src={artifact.content_url} alt={label} width={artifact.width} height={artifact.height} />
    </div>
  );
}

/** What comes to mind first; the form offers everything else that takes it. */
const workedOnBy = ({ media_type }: ArtifactView): string =>
  media_type.startsWith('video/') ? 'interpolate-rife' : 'upscale-esrgan';

function Acts({ artifact, job }: { artifact: ArtifactView; job: JobView | undefined }) {
  return (
    <div className="acts">
      <a className="button button-main" href={artifact.content_url} download={artifact.path.split('/').at(-1)}>
        Download
      </a>
      <Link className="button" to="/make" search={{ from: artifact.job_id }}>
        Make again
      </Link>
      <Link className="button" to="/make" search={{ workflow: workedOnBy(artifact), input: artifact.id }}>
        Work on it
      </Link>
      {job !== undefined && <CopyRequest job={job} seed={artifact.seed} />}
      <Link className="button button-quiet" to="/jobs/$id" params={{ id: artifact.job_id }}>
        Its job
      </Link>
    </div>
  );
}

function Facts({ artifact, job }: { artifact: ArtifactView; job: JobView | undefined }) {
  const nowMs = useNow();
  return (
    <dl className="facts">
      <Fact name="Size">
        {artifact.width} × {artifact.height}, {bytesOf(artifact.bytes)}
      </Fact>
      {artifact.frames !== null && (
        <Fact name="Film">
          {artifact.frames} frames{artifact.fps !== null && ` at ${Number(artifact.fps.toFixed(2))} per second`}
          {artifact.sound === true && ', with sound'}
        </Fact>
      )}
      <Fact name="Seed">
        <code>{artifact.seed}</code>
      </Fact>
      <Fact name="Card">
        {artifact.gpu} {artifact.simulated && <Mark tone="warn">simulated</Mark>}
      </Fact>
      {artifact.seconds !== null && <Fact name="Rendered in">{durationOf(artifact.seconds)}</Fact>}
      <Fact name="Made">{agoOf(artifact.created_at, nowMs)}</Fact>
      {artifact.verdict !== null && (
        <Fact name="Verdict">
          <Mark tone={artifact.verdict === 'passed' ? 'good' : 'bad'}>{artifact.verdict}</Mark>
        </Fact>
      )}
      {job !== undefined && <Fact name="Model">{job.model_name === '' ? 'none' : job.model_name}</Fact>}
      <Fact name="File">
        <code>{artifact.path}</code>
      </Fact>
      <Fact name="sha256">
        <code title={artifact.sha256}>{artifact.sha256.slice(0, 16)}…</code>
      </Fact>
    </dl>
  );
}
