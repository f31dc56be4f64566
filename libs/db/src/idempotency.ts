import { createHash } from 'node:crypto';
import { AppError, requireInTime } from '@tower/kit';
import type { EntityManager } from 'typeorm';
import { isUniqueViolationOf } from './database';
import type { Part } from './together';

/**
 * Runs a create once per key: a repeat with the same request gets the first answer, one with another request is
 * refused. Without a key the work simply runs. Throws `question_expired` when nobody waits for the outcome any more.
 * Must be the first thing in the transaction: the row lock makes a concurrent repeat wait.
 */
export async function onceByKey<Response>(
  tx: EntityManager,
  scope: string,
  key: string | undefined,
  request: unknown,
  work: () => Promise<Response>,
): Promise<Response> {
  // The last moment at which it can still be left undone: who asked has given up, and may ask again.
  requireInTime();
  if (key === undefined) return work();
  const requestHash = hashOf(request);
  const claimed: unknown[] = await tx.query(
    'insert into idempotency (scope, key, request_hash, response) values ($1, $2, ' +
      "$3, 'null') on conflict do nothing returning 1",
    [scope, key, requestHash],
  );
  if (claimed.length === 0) {
    const earlier = await earlierAnswer<Response>(tx, scope, key, request);
    if (earlier === undefined) throw busy();
    return earlier;
  }
  const response = await work();
  await tx.query('update idempotency set response = $3 where scope = $1 and key = $2', [
    scope,
    key,
    JSON.stringify(response),
  ]);
  return response;
}

/**
 * As `onceByKey`, for a create whose answer is known before it is written and that is written in one statement:
 * `write` executes the parts that it is given with its own. A concurrent repeat waits for that statement's end.
 */
export async function onceByKeyTogether<Response>(
  tx: EntityManager,
  { scope, key, request }: { scope: string; key: string | undefined; request: unknown },
  response: Response,
  write: (claim: Readonly<Record<string, Part>>) => Promise<void>,
): Promise<Response> {
  requireInTime();
  if (key === undefined) {
    await write({});
    return response;
  }
  const claim: Part = {
    sql: 'insert into idempotency (scope, key, request_hash, response) values ($1, $2, $3, $4::jsonb)',
    parameters: [scope, key, hashOf(request), JSON.stringify(response)],
  };
  try {
    await write({ once: claim });
    return response;
  } catch (error) {
    if (!isUniqueViolationOf(error, 'idempotency_pkey')) throw error;
    const earlier = await earlierAnswer<Response>(tx, scope, key, request);
    // The row that was in the way is gone already: pruned in between.
    if (earlier === undefined) throw busy();
    return earlier;
  }
}

/**
 * The answer this key was given before, if any: a look ahead of work that should not be repeated outside the
 * transaction either. Refuses a key that was used with another request. Only `onceByKey` decides.
 */
export async function earlierAnswer<Response>(
  tx: EntityManager,
  scope: string,
  key: string | undefined,
  request: unknown,
): Promise<Response | undefined> {
  if (key === undefined) return undefined;
  const [earlier]: { request_hash: string; response: Response }[] = await tx.query(
    'select request_hash, response from idempotency where scope = $1 and key = $2',
    [scope, key],
  );
  if (earlier === undefined) return undefined;
  if (earlier.request_hash !== hashOf(request))
    throw new AppError(
      'conflict',
      'idempotency_key_reused',
      'this Idempotency-Key was used with another request; use a new key for a new request',
    );
  return earlier.response;
}

const busy = (): AppError =>
  new AppError('unavailable', 'idempotency_busy', 'the same key is being used right now; try again', {
    retryAfterMs: 500,
  });

const hashOf = (request: unknown): string => createHash('sha256').update(canonicalJson(request)).digest('hex');

/** JSON with sorted keys, so that equal requests have equal hashes. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
      .filter(([, entry]) => entry !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${canonicalJson(entry)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
