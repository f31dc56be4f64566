import type { RequestContext } from '@tower/contracts';
import { AppError, newId } from '@tower/kit';

/**
 * Makes something under an idempotency key: the caller's, else one of this door's own, so that asking a service again
 * never makes it twice. Where the service failed or did not answer, it may have been made all the same. Such an error
 * names the key, because a repeat under it gets the one answer, whatever became of the first try.
 */
export async function creating<Answer>(
  input: { correlationId: string; idempotencyKey: string | undefined },
  work: (context: RequestContext) => Promise<Answer>,
): Promise<Answer> {
  const idempotencyKey = input.idempotencyKey ?? newId();
  try {
    return await work({ correlationId: input.correlationId, idempotencyKey });
  } catch (error) {
    if (!(error instanceof AppError) || (error.kind !== 'unavailable' && error.kind !== 'internal')) throw error;
    throw new AppError(
      error.kind,
      error.code,
      `${error.message} (to repeat it, send Idempotency-Key: ${idempotencyKey})`,
      {
        ...error.options,
        cause: error.options.cause ?? error,
        extensions: { ...error.options.extensions, idempotency_key: idempotencyKey },
      },
    );
  }
}
