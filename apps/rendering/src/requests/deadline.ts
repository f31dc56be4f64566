import type { GenerateRequest } from '@tower/contracts';
import { invalid } from '@tower/kit';

/**
 * When a request should be ready; null where it does not say.
 * @throws AppError `deadline_past` where that is not after `now`
 */
export function deadlineOf(
  { time_budget_seconds, deadline_at }: Pick<GenerateRequest, 'time_budget_seconds' | 'deadline_at'>,
  now: Date,
): Date | null {
  if (time_budget_seconds !== undefined) return new Date(now.getTime() + time_budget_seconds * 1000);
  if (deadline_at === undefined) return null;
  const at = new Date(deadline_at);
  if (at > now) return at;
  const message = `must be in the future; it is ${now.toISOString()} now`;
  throw invalid('deadline_past', `deadline_at ${message}`, [{ pointer: '/deadline_at', message }]);
}
