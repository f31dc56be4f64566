import type { AheadEntry, AheadReason, Priority } from '@tower/contracts';
import { rankOf } from '../../jobs/queue-place';
import { othersPrompts } from '../../planning/explain';
import type { Span } from '../../planning/plan-facts';
import type { Snapshot } from '../../planning/snapshot';
import type { WaitingTask } from '../../planning/waiting-task';
import { secondsText } from './seconds-text';

/** Jobs that are named; the others are counted. */
const maxNamed = 20;

/** What is before a task on its card. */
export interface Before {
  named: AheadEntry[];
  /** How many jobs more. */
  omitted: number;
}

/** What the card that the plan has for a task does before it, in that order; a job once, with its first reason. */
export function aheadOf(own: WaitingTask, { gpu, startIn }: Span, snapshot: Snapshot, now: Date): Before {
  const before = snapshot
    .sequenceOn(gpu)
    .filter(({ task, span }) => task.jobId !== own.jobId && span.startIn < startIn);
  const entries = new Map<string, AheadEntry>();
  // What runs is told apart from what waits of the same job.
  const first = onCard(own, gpu, snapshot, now);
  for (const [index, { task, span }] of before.entries()) {
    const known = entries.get(task.jobId);
    const seconds = span.unknown === undefined ? span.finishIn - span.startIn : null;
    if (known !== undefined) {
      if (known.seconds !== null) known.seconds = seconds === null ? null : known.seconds + seconds;
      known.tasks++;
      continue;
    }
    const reason = reasonFor(own, task, before[index - 1]?.task, snapshot);
    entries.set(task.jobId, { job_id: task.jobId, gpu, reason, seconds, tasks: 1, sentence: '' });
  }
  const all = [...first, ...entries.values()].map((entry) => ({
    ...entry,
    seconds: entry.seconds === null ? null : Math.round(entry.seconds * 10) / 10,
    sentence: entry.sentence === '' ? sentenceFor(entry, own, snapshot) : entry.sentence,
  }));
  return { named: all.slice(0, maxNamed), omitted: Math.max(0, all.length - maxNamed) };
}

/** What has the card already. */
function onCard(own: WaitingTask, gpu: string, snapshot: Snapshot, now: Date): AheadEntry[] {
  const running = snapshot.live
    .filter((attempt) => attempt.gpu === gpu && attempt.jobId !== own.jobId)
    .map((attempt): AheadEntry => {
      const left = snapshot.remainingOf(attempt, undefined, now);
      const seconds = left.unknown === undefined ? left.seconds : null;
      const end = seconds === null ? 'nobody knows for how long' : `for about ${secondsText(seconds)} more`;
      const sentence = `${gpu} works on job ${attempt.jobId}, ${end}`;
      return { job_id: attempt.jobId, gpu, reason: 'running', seconds, tasks: 1, sentence };
    });
  const prompts = snapshot.cards.find(({ name }) => name === gpu)?.foreignPrompts ?? 0;
  if (prompts === 0) return running;
  const sentence = `${gpu} is busy with ${othersPrompts(prompts)}`;
  return [...running, { job_id: null, gpu, reason: 'foreign', seconds: null, tasks: prompts, sentence }];
}

/** Why this one is before `own`; `last` is what the card does just before it. */
function reasonFor(
  own: WaitingTask,
  other: WaitingTask,
  last: WaitingTask | undefined,
  snapshot: Snapshot,
): Exclude<AheadReason, 'running' | 'foreign'> {
  if (own.behind?.includes(other.jobId) === true) return 'by_hand';
  if (other.rank < own.rank) return 'priority';
  if (other.rank === own.rank && placeOf(other, snapshot) < placeOf(own, snapshot)) return 'older';
  if (other.deadlineIn !== undefined && other.deadlineIn < (own.deadlineIn ?? Infinity)) return 'deadline';
  return last !== undefined && isSameModel(last, other) && !isSameModel(last, own) ? 'same_model' : 'planned';
}

const placeOf = (task: WaitingTask, snapshot: Snapshot): number => snapshot.ahead(task.taskId) ?? Infinity;

const isSameModel = (a: WaitingTask, b: WaitingTask): boolean =>
  a.models !== undefined && b.models !== undefined
    ? a.models.length > 0 && a.models.every((model) => b.models?.includes(model))
    : a.workflow === b.workflow && a.modelName === b.modelName;

/** The word for a rank. */
export const priorityOf = (rank: number): Priority | undefined =>
  (Object.keys(rankOf) as Priority[]).find((name) => rankOf[name] === rank);

function sentenceFor(
  { job_id, gpu, reason, seconds, tasks }: AheadEntry,
  own: WaitingTask,
  snapshot: Snapshot,
): string {
  const other = snapshot.waiting.find((task) => task.jobId === job_id);
  const what = `job ${String(job_id)}${tasks === 1 ? '' : ` (${tasks} results)`}`;
  const time = seconds === null ? '' : `, about ${secondsText(seconds)} on ${gpu}`;
  return `${what} is before it: ${whyInWords(reason, other, own, gpu)}${time}`;
}

function whyInWords(reason: AheadReason, other: WaitingTask | undefined, own: WaitingTask, gpu: string): string {
  const theirs = other === undefined ? undefined : priorityOf(other.rank);
  switch (reason) {
    case 'running':
      return `${gpu} works on it`;
    case 'foreign':
      return 'somebody else queued it';
    case 'by_hand':
      return 'a person put it there';
    case 'priority':
      return `its priority is ${theirs ?? 'higher'}, this one's ${priorityOf(own.rank) ?? 'lower'}`;
    case 'deadline':
      return 'it should be ready sooner';
    case 'older':
      return 'it has the same priority and came first';
    case 'same_model':
      return `its model is loaded on ${gpu} by then`;
    case 'planned':
      return 'all together are done sooner so';
  }
}
