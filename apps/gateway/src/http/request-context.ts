import type { RequestContext } from '@tower/contracts';

/** Who asks, as the services want to know it. */
export const contextOf = (input: { correlationId: string; idempotencyKey: string | undefined }): RequestContext => ({
  correlationId: input.correlationId,
  ...(input.idempotencyKey === undefined ? {} : { idempotencyKey: input.idempotencyKey }),
});
