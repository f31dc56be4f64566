import { toDatabaseError } from '@tower/db';
import { AppError, describeError, toAppError, toProblem, type Logger } from '@tower/kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { notJson, refusal, statusOf } from './refusals';

declare module 'fastify' {
  interface FastifyRequest {
    /** Code of the problem that was answered; for the request's log line. */
    problemCode?: string;
  }
}

/** Answers a problem (RFC 9457) for whatever was thrown. Headers that the reply already has stay. */
export function answerProblem(request: FastifyRequest, reply: FastifyReply, thrown: unknown, logger: Logger): void {
  const error = toAppError(named(thrown));
  const problem = toProblem(error, {
    instance: pathOf(request.raw.url),
    correlationId: request.id,
    ...statusOption(error.code),
  });
  request.problemCode = error.code;
  if (error.kind === 'internal')
    logger.error(
      { err: thrown, correlationId: request.id, cause: error.options.cause },
      `answering ${request.method} ${problem.instance}: ${describeError(thrown)}`,
    );
  if (reply.sent) {
    // Half an answer is on its way; only breaking the connection can still say that it is not whole.
    reply.raw.destroy();
    return;
  }
  if (error.options.retryAfterMs !== undefined)
    void reply.header('retry-after', Math.ceil(error.options.retryAfterMs / 1000));
  // Fastify would close here. Closing with unread bytes resets the connection, and a client that still writes never
  // sees why; Node reads on, for as long as a request may take.
  void reply.removeHeader('connection');
  void reply
    .code(problem.status)
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    .send(JSON.stringify(problem));
}

export const pathOf = (url: string | undefined): string => (url ?? '/').split('?', 1)[0] ?? '/';

const statusOption = (code: string): { status?: number } => {
  const status = statusOf(code);
  return status === undefined ? {} : { status };
};

/** Fastify's and Nest's own refusals in our terms; others pass. */
function named(thrown: unknown): unknown {
  const status = statusIn(thrown);
  switch (status) {
    case undefined:
      return toDatabaseError(thrown);
    case 400:
      return refusal('http_malformed', `the request cannot be read: ${describeError(thrown)}`, { cause: thrown });
    case 404:
      return refusal('route_not_found', 'there is nothing at this address; /docs lists what there is');
    case 413:
      return refusal('body_too_large', 'the body is larger than the 1 MB (1,000,000 bytes) that this interface takes');
    case 415:
      return notJson();
    default:
      return thrown;
  }
}

/** Nest's exceptions have a method for it, Fastify's errors a field. */
function statusIn(thrown: unknown): number | undefined {
  if (thrown instanceof AppError || typeof thrown !== 'object' || thrown === null) return undefined;
  const { getStatus, statusCode } = thrown as { getStatus?: () => unknown; statusCode?: unknown };
  const status = typeof getStatus === 'function' ? getStatus.call(thrown) : statusCode;
  return typeof status === 'number' && status < 500 ? status : undefined;
}
