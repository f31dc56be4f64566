import { isOver, type CardStance, type EstimateView, type JobExplanation } from '@tower/contracts';
import type { Task } from '../../jobs/task.entity';
import { ineligibility } from '../../planning/eligibility';
import type { Span } from '../../planning/plan-facts';
import type { Snapshot } from '../../planning/snapshot';
import type { WaitingTask } from '../../planning/waiting-task';
import { deadlineOutlook } from '../deadline-view';
import { toProgressView, type JobRows } from '../job-view';
import { isHeld, nextInLine, waitingTask } from '../waiting-view';
import { aheadOf, type Before } from './ahead';
import { historyOf } from './history';
import { secondsText } from './seconds-text';
import { soonerFor } from './sooner';

const nothingAhead: Before = { named: [], omitted: 0 };

/**
 * Why a job is as it is: what it waits for, what is before it, on which card and why, what would make it ready sooner;
 * of one that runs or is over what goes on and what happened. Everything follows from the rows and the snapshot.
 */
export function explainJob(rows: JobRows, snapshot: Snapshot, now: Date): JobExplanation {
  const { job } = rows;
  const progress = toProgressView(rows, snapshot, now);
  const next = isOver(job.state) ? undefined : nextInLine(rows, snapshot, now);
  const task = next === undefined || next.wantsModel ? undefined : waitingTask(job, next, snapshot);
  const isReady = next !== undefined && !isHeld(next, now) && snapshot.pause === undefined;
  const span = isReady ? snapshot.spanOf(next.id, now) : undefined;
  const ahead = task !== undefined && span !== undefined ? aheadOf(task, span, snapshot, now) : nothingAhead;
  const cards = task === undefined ? [] : snapshot.cards.map((card) => stanceOf(card, task, snapshot));
  const own = isReady ? waitingOf(rows, snapshot) : [];
  const sooner = soonerFor(job, own, snapshot);
  const outlook = deadlineOutlook(job, progress.estimate, now);
  return {
    job_id: job.id,
    status: job.state,
    sentences: [
      progress.stage,
      ...(span === undefined || task === undefined ? [] : placement(task, span, cards, snapshot)),
      ...ahead.named.map(({ sentence }) => sentence),
      ...(ahead.omitted === 0 ? [] : [`${ahead.omitted} more jobs are before it on ${span?.gpu ?? 'its card'}`]),
      ...readiness(rows, progress.estimate),
      ...deadlineSentences(rows, outlook),
      ...historyOf(rows, now),
      ...sooner.map(({ sentence }) => sentence),
    ],
    position: progress.gpu_queue_position !== null && isReady ? progress.gpu_queue_position : null,
    gpu: span?.gpu ?? progress.gpu,
    starts_in: span === undefined || span.unknown !== undefined ? null : Math.round(span.startIn * 10) / 10,
    ready_in: isOver(job.state) ? null : progress.estimate.remaining_seconds,
    deadline_outlook: outlook,
    ahead: ahead.named,
    ...(ahead.omitted === 0 ? {} : { ahead_omitted: ahead.omitted }),
    cards,
    sooner,
  };
}

/** Those of its tasks that wait in line. */
const waitingOf = ({ tasks }: { tasks: readonly Task[] }, snapshot: Snapshot): WaitingTask[] =>
  tasks.flatMap(({ id }) => snapshot.taskOf(id) ?? []);

function stanceOf(card: Snapshot['cards'][number], task: WaitingTask, snapshot: Snapshot): CardStance {
  const reason = ineligibility(card, task);
  if (reason !== undefined) return { gpu: card.name, takes_it: false, reason, seconds: null, basis: null };
  const { seconds, basis } = snapshot.estimate(task, card.name);
  return { gpu: card.name, takes_it: true, reason: null, seconds: Math.round(seconds * 10) / 10, basis };
}

/** Which card it is planned for, and what the others would do with it. */
function placement(own: WaitingTask, span: Span, cards: readonly CardStance[], snapshot: Snapshot): string[] {
  const when = span.startIn < 1 ? 'now' : `in about ${secondsText(span.startIn)}`;
  const start = span.unknown === undefined ? `, to begin ${when}` : `; when it begins is not known: ${span.unknown}`;
  const others = cards.filter(({ gpu }) => gpu !== span.gpu);
  const able = others.filter(({ takes_it }) => takes_it);
  const there = cards.find(({ gpu }) => gpu === span.gpu);
  const why = able.length === 0 ? ': no other card takes it' : '';
  const takes =
    there === undefined || there.seconds === null
      ? ''
      : `; it takes about ${secondsText(there.seconds)} there (${there.basis ?? ''})`;
  return [
    `It is planned for ${span.gpu}${why}${start}${takes}`,
    ...able.map(({ gpu, seconds }) => otherCard(gpu, seconds ?? 0, { own, span }, snapshot)),
    ...others.flatMap(({ reason }) => (reason === null ? [] : [`Not elsewhere: ${reason}`])),
  ];
}

/** When a card that could take it as well would have it done. */
function otherCard(
  gpu: string,
  seconds: number,
  { own, span }: { own: WaitingTask; span: Span },
  snapshot: Snapshot,
): string {
  const place = snapshot.ahead(own.taskId) ?? Infinity;
  const last = snapshot.sequenceOn(gpu).findLast(({ task }) => (snapshot.ahead(task.taskId) ?? Infinity) < place)?.span;
  const running = snapshot.live.find((attempt) => attempt.gpu === gpu);
  const left = running && snapshot.remainingOf(running);
  const prompts = snapshot.cards.find(({ name }) => name === gpu)?.foreignPrompts ?? 0;
  const takes = `${gpu} could take it too, in about ${secondsText(seconds)}`;
  if (prompts > 0 || left?.unknown !== undefined) return `${takes}, but nobody knows when it is free`;
  const busy = Math.max(last?.finishIn ?? 0, left?.seconds ?? 0);
  const then = busy + seconds;
  if (busy < 1) return `${takes}, and is free`;
  const compared = then > span.finishIn ? ', later than where it is planned' : '';
  return `${takes}, once it has done what it has before it: ready there in about ${secondsText(then)}${compared}`;
}

function readiness({ job }: JobRows, { remaining_seconds, low, high, basis }: EstimateView): string[] {
  if (isOver(job.state)) return [];
  if (remaining_seconds === null || low === null || high === null) return [`When it is ready is ${basis}`];
  return [
    `It should be ready in about ${secondsText(remaining_seconds)} ` +
      `(${secondsText(low)} to ${secondsText(high)}): ${basis}`,
  ];
}

function deadlineSentences({ job }: JobRows, outlook: JobExplanation['deadline_outlook']): string[] {
  const given = job.givenUp.map(({ sentence }) => `Given up for the deadline: ${sentence}`);
  return job.deadlineAt === null || outlook === null
    ? given
    : [`It should be ready by ${job.deadlineAt.toISOString()}: ${outlookText[outlook]}`, ...given];
}

const outlookText: Record<NonNullable<JobExplanation['deadline_outlook']>, string> = {
  likely: 'at least four times of five it will be',
  possible: 'it may be, if all goes well',
  unlikely: 'it will be late',
  unknown: 'nobody can say whether it will be',
  kept: 'it was',
  missed: 'that has passed',
};
