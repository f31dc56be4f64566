import { send, type ErrorSendResult } from '@fastify/send';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { refusal } from './refusals';

/** Milliseconds that a browser may go on without asking whether the file is still the same. */
const maxAgeMs = 60 * 60 * 1000;

/**
 * Sends a file that came with the program: whole, in part, or only that it has not changed.
 * @param name below `root`; taken from a list of ours, never from the request
 * @throws `range_not_satisfiable`, `precondition_failed`
 */
export async function sendStatic(
  request: FastifyRequest,
  reply: FastifyReply,
  root: string,
  name: string,
): Promise<void> {
  const file = await send(request.raw, name, { root, maxAge: maxAgeMs, index: false });
  if (file.type === 'error') throw toRefusal(reply, file);
  await reply.code(file.statusCode).headers(file.headers).send(file.stream);
}

/** Its body is a page of HTML; here every refusal is a problem. */
function toRefusal(reply: FastifyReply, { statusCode, headers, stream, metadata }: ErrorSendResult): Error {
  stream.destroy();
  if (statusCode === 412)
    return refusal(
      'precondition_failed',
      'the file is not the one that you had; ask for it without If-Match and If-Unmodified-Since',
    );
  if (statusCode !== 416) return metadata.error;
  void reply.header('content-range', headers['Content-Range']);
  return refusal('range_not_satisfiable', 'the file has no such bytes; ask for a part that it has, or for all of it');
}
