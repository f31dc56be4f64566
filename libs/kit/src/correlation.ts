import { AsyncLocalStorage } from 'node:async_hooks';
import { AppError } from './errors';

/** For whom something is done; follows a request through promises and timers, so that nobody has to hand it on. */
export interface Correlation {
  /** UUID; one per request from outside, the same in every log line, question and event that follows from it. */
  readonly correlationId: string;
  /** W3C trace context as the caller gave it, passed on unchanged. */
  readonly traceparent?: string | undefined;
  /** Milliseconds since 1970: afterwards nobody waits for the outcome any more. */
  readonly deadline?: number | undefined;
}

const current = new AsyncLocalStorage<Correlation>();

/** Runs `work`, and everything that it starts, for this request. */
export const correlated = <Result>(correlation: Correlation, work: () => Result): Result =>
  current.run(correlation, work);

/** For whom the running code works; undefined where it works for itself. */
export const currentCorrelation = (): Correlation | undefined => current.getStore();

const traceparentForm = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;

/** The header's value when it is a valid W3C `traceparent` (version 00), else undefined. */
export function readTraceparent(given: unknown): string | undefined {
  const parts = typeof given === 'string' ? traceparentForm.exec(given) : null;
  const isNothing = parts === null || /^0+$/.test(parts[1] ?? '') || /^0+$/.test(parts[2] ?? '');
  return isNothing ? undefined : (given as string);
}

/** What every log line says about the request it belongs to. */
export function correlationFields(): { correlationId?: string; traceId?: string } {
  const correlation = current.getStore();
  if (correlation === undefined) return {};
  const { correlationId, traceparent } = correlation;
  return { correlationId, ...(traceparent === undefined ? {} : { traceId: traceparent.split('-')[1] ?? '' }) };
}

/**
 * Throws `question_expired` when nobody waits for the outcome any more; for the last moment before something is done.
 */
export function requireInTime(deadline = current.getStore()?.deadline): void {
  if (deadline === undefined || Date.now() < deadline) return;
  throw new AppError(
    'unavailable',
    'question_expired',
    'this was asked too long ago for anybody to wait for the answer; nothing was done. ' +
      'When it goes on, the clocks of the machines differ',
  );
}
