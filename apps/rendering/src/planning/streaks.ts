import type { Card } from '../cards/card';
import type { LatestAttempt } from './queue.queries';
import type { WaitingTask } from './waiting-task';

/** What waits at a moment, and which cards can take it. */
interface WaitingLine {
  waiting: readonly WaitingTask[];
  fits: (card: Card, task: WaitingTask) => boolean;
  now: Date;
}

/**
 * By card: how many tasks in a row, up to now, it took because it held their models, past an older one of their rank
 * that it could have taken and that still waits. `latest` are the last attempts of each card, newest first; no more are
 * counted than there are.
 */
export function streaksOf(
  latest: readonly LatestAttempt[],
  cards: readonly Card[],
  line: WaitingLine,
): ReadonlyMap<string, number> {
  return new Map(
    cards.map((card) => {
      const own = latest.filter(({ gpu }) => gpu === card.name);
      const set = setOf(own[0]?.models ?? []);
      const broken = own.findIndex((attempt) => setOf(attempt.models) !== set || !passedAny(attempt, card, line));
      return [card.name, broken < 0 ? own.length : broken];
    }),
  );
}

/** One that had to load something was taken for another reason, and so was one that needs nothing loaded. */
function passedAny(attempt: LatestAttempt, card: Card, { waiting, fits, now }: WaitingLine): boolean {
  if (attempt.missing.length > 0 || attempt.models.length === 0) return false;
  const age = (now.getTime() - attempt.created_at.getTime()) / 1000;
  const set = setOf(attempt.models);
  return waiting.some(
    (task) =>
      task.rank === attempt.rank &&
      (task.waitedSeconds ?? 0) > age &&
      setOf(task.models ?? []) !== set &&
      fits(card, task),
  );
}

const setOf = (models: readonly string[]): string => [...models].sort().join('\n');
