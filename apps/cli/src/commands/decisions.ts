import { routes, type DecidedAction, type DecidedTask, type DecisionCard, type JobDecision } from '@tower/contracts';
import { durationText, runningApi, tell } from './running-api';

/** What the planner decided about a job, newest first, and whether it would decide so again. */
export async function jobsDecisions(id: string, options: { json: boolean; limit: number }): Promise<number> {
  const page = await runningApi().call(routes.listJobDecisions, { params: { id }, query: { limit: options.limit } });
  tell(page, options, ({ items, next_cursor: next }) => [
    ...(items.length === 0 ? ['no decisions are kept of it'] : items.flatMap(describeDecision)),
    ...(next === undefined ? [] : ['there are more; --limit shows them']),
  ]);
  return 0;
}

/** Lines for a person. */
export function describeDecision({ decided_at, planner_version, waiting, tasks, ...rest }: JobDecision): string[] {
  const { replay, differences } = rest;
  const again = replay === 'same' ? 'would decide the same again' : 'would decide otherwise now';
  return [
    `${decided_at}  of ${waiting} that waited; planner ${planner_version}, ${again}`,
    ...tasks.flatMap(describeTask),
    ...differences.map((difference) => `  now: ${difference}`),
  ];
}

const describeTask = ({ task_id, gpu, action, reason, because, starts_in, ready_in, cards }: DecidedTask): string[] => [
  `  task ${task_id} ${actionText[action]} ${gpu}${starts_in === 0 ? '' : ` in ${durationText(starts_in)}`}, ` +
    `ready after ${durationText(ready_in)}: ${reasonText[reason]}`,
  ...(because === null ? [] : [`    taken back because ${because}`]),
  ...cards.filter(({ chosen }) => !chosen).map((card) => `    ${describeCard(card)}`),
];

function describeCard({
  gpu,
  takes_it: takesIt,
  reason,
  ready_in: readyIn,
  penalty_seconds: penalty,
}: DecisionCard): string {
  if (!takesIt) return `${gpu}: ${reason ?? 'could not take it'}`;
  const ready = readyIn === null ? 'nobody knew when it would be ready there' : `ready after ${durationText(readyIn)}`;
  const more = penalty === null || penalty === 0 ? '' : `, and ${durationText(penalty)} counted on top`;
  return `${gpu}: ${ready}${more}${reason === null ? '' : `; ${reason}`}`;
}

const actionText: Record<DecidedAction, string> = {
  started: 'started on',
  sent_ahead: 'was sent ahead to',
  taken_back: 'was taken back, for',
  left_waiting: 'was left waiting for',
};

const reasonText: Record<DecidedTask['reason'], string> = {
  only_card: 'no other card could take it',
  overdue: 'it had waited as long as anything may',
  passed_over: 'enough others had gone before it',
  models_loaded: 'its models were loaded there',
  free_first: 'it was free before the others',
  preferred: 'it prefers such work',
  ready_first: 'it is done first there',
  configured_first: 'it stands first in the configuration',
};
