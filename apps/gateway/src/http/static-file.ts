import { send, type ErrorSendResult } from '@fastify/send';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { refusal } from './refusals';

/** How long a browser may go on without asking whether the file is still the same. */
interface Keeping {
  /** Milliseconds. */
  readonly maxAge: number;
  /** The name says what is in it: not even a reload has to ask. */
  readonly immutable: boolean;
}
const forAnHour: Keeping = { maxAge: 60 * 60 * 1000, immutable: false };

/**
 * Sends a file that came with the program: whole, in part, or only that it has not changed.
 * @param name below `root`; of a list or a form of ours, never a path from the request
 * @param headers instead of those that follow from the name
 * @throws `range_not_satisfiable`, `precondition_failed`
 */
export async function sendStatic(
  request: FastifyRequest,
  reply: FastifyReply,
  root: string,
  name: string,
  keeping: Keeping = forAnHour,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const file = await send(request.raw, name, { root, ...keeping, index: false });
  if (file.type === 'error') throw toRefusal(reply, file);
  await reply
    .code(file.statusCode)
    .headers({ ...file.headers, ...headers })
    .send(file.stream);
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
