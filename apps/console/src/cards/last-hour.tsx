import type { UtilisationView } from '@tower/contracts';
import { Bar } from '../ui/marks';
import { counted, durationOf } from '../ui/words';

/** How the card was used in the last hour, as measured. */
export function LastHour({ usage }: { usage: UtilisationView }) {
  const { busy_share, window_seconds, attempts, idle_with_work_seconds, model_swaps, model_swaps_unknown, estimates } =
    usage;
  return (
    <section>
      <h3>Last {durationOf(window_seconds)}</h3>
      <p>
        {Math.round(busy_share * 100)} % busy, {counted(attempts, 'attempt')}
      </p>
      <Bar percent={busy_share * 100} tone="good" label="Busy share of the last hour" />
      <p className="fine">
        {idle_with_work_seconds >= 1 && `${durationOf(idle_with_work_seconds)} idle while work waited. `}
        {model_swaps === null ? (model_swaps_unknown ?? '') : `${counted(model_swaps, 'change')} of the model.`}
      </p>
      {estimates.judged > 0 && (
        <p className="fine">
          Of {counted(estimates.judged, 'estimate')}, {estimates.within_fifth} within a fifth of what it took,{' '}
          {estimates.in_interval} within the told interval.
        </p>
      )}
    </section>
  );
}
