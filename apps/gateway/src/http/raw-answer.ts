import type { Duplex } from 'node:stream';
import { toDatabaseError } from '@tower/db';
import { hangUp, newId, toAppError, toProblem, type Logger } from '@tower/kit';
import { statusOf } from './refusals';

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  408: 'Request Timeout',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/**
 * Answers a problem where there is only a connection: before a request could be read, or instead of an upgrade. The
 * connection ends with it.
 */
export function endWithProblem(
  socket: Duplex,
  thrown: unknown,
  logger: Logger,
  place: { correlationId?: string; instance?: string } = {},
): void {
  const error = toAppError(toDatabaseError(thrown));
  const correlationId = place.correlationId ?? newId();
  const status = statusOf(error.code);
  const problem = toProblem(error, { ...place, correlationId, ...(status === undefined ? {} : { status }) });
  if (error.kind === 'internal') logger.error({ err: thrown, correlationId }, 'answering on a bare connection');
  const body = JSON.stringify(problem);
  const lines = [
    `HTTP/1.1 ${problem.status} ${reasons[problem.status] ?? 'Refused'}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Correlation-Id: ${correlationId}`,
    'X-Content-Type-Options: nosniff',
    'Cache-Control: no-store',
    'Connection: close',
    ...(error.options.retryAfterMs === undefined
      ? []
      : [`Retry-After: ${Math.ceil(error.options.retryAfterMs / 1000)}`]),
  ];
  hangUp(socket, `${lines.join('\r\n')}\r\n\r\n${body}`);
}
