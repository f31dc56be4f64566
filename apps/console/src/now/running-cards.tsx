import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { GpuDetailView, JobView } from '@tower/contracts';
import { cardsQuery, jobQuery } from '../api/queries';
import { cardTone, cardWord } from '../cards/card-words';
import { usePreview } from '../live/live-context';
import { JobPicture } from '../jobs/job-picture';
import { useHowFar } from '../jobs/use-how-far';
import { Empty, Loading } from '../ui/empty';
import { Failure } from '../ui/failure';
import { Bar, Mark } from '../ui/marks';
import { Ready } from '../ui/ready';
import { counted, durationOf } from '../ui/words';

/** The cards with what each is at and what it does next. */
export function RunningCards() {
  const { data, error, refetch } = useQuery(cardsQuery);
  if (error !== null && data === undefined)
    return <Failure error={error} what="The cards could not be read." again={() => void refetch()} />;
  if (data === undefined) return <Loading what="the cards" />;
  if (data.length === 0)
    return (
      <Empty title="No card is configured">
        Start a ComfyUI for each graphics card and name them in <code>config/gpus.yaml</code>; README, “Your own GPUs”.
      </Empty>
    );
  return (
    <section className="at-work" aria-label="Cards at work">
      {data.map((card) => (
        <AtWork key={card.name} card={card} />
      ))}
    </section>
  );
}

function AtWork({ card }: { card: GpuDetailView }) {
  const [running] = card.running;
  const [next] = card.next;
  return (
    <article className="panel">
      <header>
        <h2>
          <Link to="/cards" hash={card.name}>
            {card.name}
          </Link>
        </h2>
        <Mark tone={cardTone(card)} title={card.detail}>
          {cardWord(card)}
        </Mark>
      </header>
      {running === undefined ? (
        <p className="fine">{card.detail}</p>
      ) : (
        <Running jobId={running.job_id} gpu={card.name} />
      )}
      <footer className="fine">
        {next === undefined ? (
          'Nothing waits for it.'
        ) : (
          <>
            Next:{' '}
            <Link to="/jobs/$id" params={{ id: next.job_id }}>
              {next.workflow}
            </Link>{' '}
            {next.unknown ?? `in ${durationOf(next.start_in_seconds)}`}
            {card.next_total > 1 && `, then ${counted(card.next_total - 1, 'more task')}`}
          </>
        )}
      </footer>
    </article>
  );
}

/** The job that a card works on, with the step that it is at. */
function Running({ jobId, gpu }: { jobId: string; gpu: string }) {
  const { data: job } = useQuery(jobQuery(jobId));
  if (job === undefined) return <Loading what="its job" />;
  return <RunningJob job={job} gpu={gpu} />;
}

function RunningJob({ job, gpu }: { job: JobView; gpu: string }) {
  const preview = usePreview(job.id, gpu);
  const { stage, progress, live } = useHowFar(job);
  return (
    <div className="running">
      {preview === undefined ? (
        <JobPicture id={job.id} hasSome={job.images_complete > 0} />
      ) : (
        <img className="thumb" src={preview} alt={`What ${gpu} is drawing`} />
      )}
      <div>
        <Link className="prompt" to="/jobs/$id" params={{ id: job.id }}>
          {job.prompt === '' ? job.workflow : job.prompt}
        </Link>
        <p>{stage}</p>
        <Bar percent={progress} label={`Progress of ${job.prompt === '' ? job.workflow : job.prompt}`} />
        <Ready estimate={live?.estimate ?? job.estimate} />
      </div>
    </div>
  );
}
