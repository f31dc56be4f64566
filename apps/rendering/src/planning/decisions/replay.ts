import type { Plan, PlanFacts } from '../plan-facts';
import { plan } from '../planner';
import { NotAskedThen } from './answers';
import type { Actions, PlannedTask } from './actions';
import { outcomeOf, recordFormat, type DecisionRecord, type Outcome, type PlacedTask } from './recorded-plan';
import { factsFrom } from './recorded-facts';

/** Makes a plan. */
export type Planner = (facts: PlanFacts<PlannedTask>) => Plan<PlannedTask>;

/** Differences that are told one by one. */
const maxTold = 8;

/**
 * Plans once more from what a decision was made from. Returns in words how what comes of it differs from what came of
 * it then; nothing where it is the same.
 */
export function differencesOf({ format, facts, standing, outcome }: DecisionRecord, planner: Planner = plan): string[] {
  if (format !== recordFormat) return [`it was recorded in form ${format}, which is not read any more`];
  try {
    return inShort(differencesBetween(outcome, outcomeOf(planner(factsFrom(facts)), standing)));
  } catch (error) {
    if (error instanceof NotAskedThen) return [error.message];
    throw error;
  }
}

function differencesBetween(then: Outcome, now: Outcome): string[] {
  const actions = differencesInActions(then.actions, now.actions);
  if (actions.length > 0) return actions;
  const again = new Map(now.placements.map((placed) => [placed.taskId, placed]));
  const known = new Set(then.placements.map(({ taskId }) => taskId));
  const differences = then.placements.flatMap((placed) => {
    const other = again.get(placed.taskId);
    if (other === undefined) return [`task ${placed.taskId} has no place any more, and was to go on ${placed.gpu}`];
    return differenceBetween(placed, other) ?? [];
  });
  for (const { taskId, gpu } of now.placements)
    if (!known.has(taskId)) differences.push(`task ${taskId} has a place on ${gpu}, and had none`);
  if (differences.length === 0 && then.cost !== now.cost)
    differences.push(`the same plan costs ${now.cost} weighted seconds instead of ${then.cost}`);
  return differences;
}

function differenceBetween(then: PlacedTask, now: PlacedTask): string | undefined {
  const { taskId } = then;
  if (then.gpu !== now.gpu) return `task ${taskId} goes on ${now.gpu} instead of ${then.gpu}`;
  if (then.startIn !== now.startIn)
    return `task ${taskId} starts in ${now.startIn} s on ${then.gpu} instead of ${then.startIn} s`;
  if (then.finishIn !== now.finishIn)
    return `task ${taskId} ends in ${now.finishIn} s on ${then.gpu} instead of ${then.finishIn} s`;
  return then.reason === now.reason
    ? undefined
    : `task ${taskId} is on ${then.gpu} for another reason: ${now.reason} instead of ${then.reason}`;
}

/** What is done comes first: the rest of a plan only says when. */
function differencesInActions(then: Actions, now: Actions): string[] {
  const [before, after] = [saidOf(then), saidOf(now)];
  return [
    ...before.filter((said) => !after.includes(said)).map((said) => `not any more: ${said}`),
    ...after.filter((said) => !before.includes(said)).map((said) => `instead: ${said}`),
  ];
}

const saidOf = ({ start, ahead, back }: Actions): string[] => [
  ...start.map(({ taskId, gpu }) => `task ${taskId} starts on ${gpu}`),
  ...ahead.map(({ taskId, gpu }) => `task ${taskId} is sent to ${gpu} behind what it works on`),
  ...back.map(({ taskId, gpu, reason }) => `task ${taskId} is taken back from ${gpu}: ${reason}`),
];

const inShort = (differences: readonly string[]): string[] =>
  differences.length <= maxTold
    ? [...differences]
    : [...differences.slice(0, maxTold), `and ${differences.length - maxTold} more`];
