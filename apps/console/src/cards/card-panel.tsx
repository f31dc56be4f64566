import { Link } from '@tanstack/react-router';
import type { GpuDetailView, WorkflowSummary } from '@tower/contracts';
import { useHowFarById } from '../jobs/use-how-far';
import { Bar, Fact, Mark } from '../ui/marks';
import { useNow } from '../ui/now';
import { agoOf, counted, durationOf, memoryOf, rangeOf } from '../ui/words';
import { CardSwitch } from './card-switch';
import { cardTone, cardWord } from './card-words';
import { Claims } from './claims';
import { LastHour } from './last-hour';
import { Lacks } from './lacks';

export function CardPanel({ card, workflows }: { card: GpuDetailView; workflows: readonly WorkflowSummary[] }) {
  return (
    <article className="panel card" id={card.name}>
      <header>
        <h2>{card.name}</h2>
        <Mark tone={cardTone(card)}>{cardWord(card)}</Mark>
        {card.simulated && <Mark tone="warn">simulated</Mark>}
        <CardSwitch card={card} />
      </header>
      <Reasons card={card} />
      <Device card={card} />
      <Memory card={card} />
      <div className="columns">
        <Doing card={card} />
        <Next card={card} />
        <LastHour usage={card.last_hour} />
      </div>
      <Claims card={card} />
      <Lacks card={card} workflows={workflows} />
    </article>
  );
}

function Reasons({ card }: { card: GpuDetailView }) {
  const nowMs = useNow();
  return (
    <>
      <p>{card.detail}</p>
      {card.drained !== null && (
        <p className="banner banner-warn">
          Taken out of use by {card.drained.by}, {agoOf(card.drained.since, nowMs)}
          {card.drained.reason !== '' && `: ${card.drained.reason}`}. What runs ends; nothing new starts.
        </p>
      )}
      {card.warnings.length > 0 && (
        <ul className="notes">
          {card.warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
    </>
  );
}

function Device({ card }: { card: GpuDetailView }) {
  const nowMs = useNow();
  return (
    <dl className="facts">
      <Fact name="Device">{card.device ?? 'not seen yet'}</Fact>
      <Fact name="ComfyUI">{card.comfyui_version ?? 'not seen yet'}</Fact>
      <Fact name="Address">
        <code>{card.url}</code>
      </Fact>
      <Fact name="Seen">{card.last_seen_at === null ? 'never' : agoOf(card.last_seen_at, nowMs)}</Fact>
      <Fact name={card.only ? 'Only for' : 'Prefers'}>{card.prefers.join(', ')}</Fact>
    </dl>
  );
}

/** How much of the memory is in use, claimed, and free, as its server said at the last look. */
function Memory({ card: { memory, name, loaded } }: { card: GpuDetailView }) {
  const { total_mb, free_mb, claimed_mb } = memory;
  if (total_mb === null) return <p className="fine">Its memory is not known yet.</p>;
  const used = free_mb === null ? null : total_mb - free_mb;
  return (
    <div className="memory">
      <p>
        {used === null ? 'How much of its memory is in use is not known' : `${memoryOf(used)} in use`} of{' '}
        {memoryOf(total_mb)}
        {claimed_mb > 0 && `, ${memoryOf(claimed_mb)} claimed by others`}
      </p>
      <p className="fine">
        {loaded.length === 0 ? 'What is loaded is not known.' : `Loaded: ${loaded.map(({ file }) => file).join(', ')}`}
      </p>
      {used !== null && <Bar percent={(used / total_mb) * 100} tone="neutral" label={`Memory in use on ${name}`} />}
    </div>
  );
}

function Doing({ card }: { card: GpuDetailView }) {
  return (
    <section>
      <h3>Now</h3>
      {card.running.length === 0 && <p className="fine">Nothing of ours.</p>}
      {card.running.map((task) => (
        <Running key={task.attempt_id} task={task} />
      ))}
      {card.foreign_prompts > 0 && (
        <p className="fine">{counted(card.foreign_prompts, 'prompt')} of somebody else in its queue.</p>
      )}
    </section>
  );
}

function Running({ task }: { task: GpuDetailView['running'][number] }) {
  const live = useHowFarById(task.job_id);
  const nowMs = useNow();
  return (
    <>
      <p>
        <Link to="/jobs/$id" params={{ id: task.job_id }}>
          {task.workflow}
        </Link>
        , begun {agoOf(task.since, nowMs)}
      </p>
      <p className="fine">{live?.stage ?? task.stage}</p>
      <Bar percent={live?.progress ?? task.progress} label={`Progress of ${task.workflow}`} />
      <p className="fine">
        {task.remaining_seconds === null
          ? (task.unknown ?? 'End not known')
          : `${durationOf(task.remaining_seconds)} left`}
      </p>
    </>
  );
}

function Next({ card }: { card: GpuDetailView }) {
  return (
    <section>
      <h3>Next</h3>
      {card.next.length === 0 && <p className="fine">Nothing waits for it.</p>}
      <ol className="next">
        {card.next.map((task) => (
          <li key={task.task_id}>
            <Link to="/jobs/$id" params={{ id: task.job_id }}>
              {task.workflow}
            </Link>{' '}
            <span className="fine" title={task.basis}>
              {task.priority},{' '}
              {task.unknown ?? `in ${durationOf(task.start_in_seconds)}, ready in ${rangeOf(task.low, task.high)}`}
            </span>
          </li>
        ))}
      </ol>
      {card.next_total > card.next.length && (
        <p className="fine">and {counted(card.next_total - card.next.length, 'more task')}</p>
      )}
    </section>
  );
}
