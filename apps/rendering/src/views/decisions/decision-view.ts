import type { DecidedAction, DecidedTask, DecisionCard, JobDecision } from '@tower/contracts';
import type { Attempt } from '../../jobs/attempt.entity';
import type { CardOffer, DecisionRecord } from '../../planning/decisions/recorded-plan';
import { differencesOf } from '../../planning/decisions/replay';
import type { StoredDecision } from '../../planning/decisions/stored-decision.entity';

/** What a decision was about one job, and whether the planner would decide so again; for that it runs once more. */
export function toJobDecision(
  jobId: string,
  { id, decidedAt, plannerVersion }: Pick<StoredDecision, 'id' | 'decidedAt' | 'plannerVersion'>,
  record: DecisionRecord,
  attempts: readonly Pick<Attempt, 'id' | 'taskId'>[],
): JobDecision {
  const { facts, outcome, offers } = record;
  const differences = differencesOf(record);
  const own = new Set(facts.tasks.filter((task) => task.jobId === jobId).map(({ taskId }) => taskId));
  const actions = actionsIn(record);
  const tasks = outcome.placements.flatMap((placed): DecidedTask[] => {
    const cards = offers[placed.taskId];
    if (cards === undefined || !own.has(placed.taskId)) return [];
    return [
      {
        task_id: placed.taskId,
        gpu: placed.gpu,
        action: actions.get(placed.taskId) ?? 'left_waiting',
        reason: placed.reason,
        because: outcome.actions.back.find(({ taskId }) => taskId === placed.taskId)?.reason ?? null,
        starts_in: placed.startIn,
        ready_in: placed.finishIn,
        attempt_id: attempts.find(({ taskId }) => taskId === placed.taskId)?.id ?? null,
        cards: cards.map((offer) => toDecisionCard(offer, placed.gpu)),
      },
    ];
  });
  return {
    id,
    decided_at: decidedAt.toISOString(),
    planner_version: plannerVersion,
    objective: facts.objective,
    seed: facts.seed ?? 1,
    waiting: facts.tasks.length,
    tasks,
    replay: differences.length === 0 ? 'same' : 'differs',
    differences,
  };
}

/** By task. */
const actionsIn = ({ outcome: { actions } }: DecisionRecord): ReadonlyMap<string, DecidedAction> =>
  new Map([
    ...actions.start.map(({ taskId }) => [taskId, 'started'] as const),
    ...actions.ahead.map(({ taskId }) => [taskId, 'sent_ahead'] as const),
    ...actions.back.map(({ taskId }) => [taskId, 'taken_back'] as const),
  ]);

const toDecisionCard = (
  { gpu, takesIt, reason, readyIn, penaltySeconds }: CardOffer,
  chosen: string,
): DecisionCard => ({
  gpu,
  chosen: gpu === chosen,
  takes_it: takesIt,
  reason,
  ready_in: readyIn,
  penalty_seconds: penaltySeconds,
});
