import type { GpuDetailView, WorkflowSummary } from '@tower/contracts';
import { Mark } from '../ui/marks';

interface Props {
  readonly card: GpuDetailView;
  readonly workflows: readonly WorkflowSummary[];
}

/** Which workflows the card can run, and what the others lack on it, with where to put it. */
export function Lacks({ card, workflows }: Props) {
  const stances = workflows.flatMap((workflow) =>
    workflow.cards.filter(({ gpu }) => gpu === card.name).map((stance) => ({ workflow, stance })),
  );
  const ready = stances.filter(({ stance }) => stance.can_run);
  const others = stances.filter(({ stance }) => !stance.can_run);
  return (
    <>
      <details>
        <summary>Checkpoints: {card.checkpoints.length + (card.checkpoints_omitted ?? 0)}</summary>
        <ul className="sentences">
          {card.checkpoints.map((name) => (
            <li key={name}>
              <code>{name}</code>
            </li>
          ))}
        </ul>
        {card.checkpoints_omitted !== undefined && <p className="fine">and {card.checkpoints_omitted} more</p>}
      </details>
      <details>
        <summary>
          Workflows: {ready.length} of {stances.length} can run here
        </summary>
        <ul className="sentences">
          {ready.map(({ workflow }) => (
            <li key={workflow.name}>
              {workflow.title} <Mark tone="good">ready</Mark>
            </li>
          ))}
          {others.map(({ workflow, stance }) => (
            <li key={workflow.name}>
              {workflow.title} <Mark tone="warn">{stance.state.replace('_', ' ')}</Mark> {stance.reason}
              <ul>
                {stance.missing.map((missing) => (
                  <li key={`${missing.kind} ${missing.name}`}>
                    {missing.kind} <code>{missing.name}</code> belongs in <code>{missing.where}</code>
                    {missing.source !== null && <span className="fine"> · {missing.source}</span>}
                  </li>
                ))}
              </ul>
            </li>
          ))}
        </ul>
      </details>
    </>
  );
}
