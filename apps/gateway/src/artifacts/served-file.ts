import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { refusal } from '../http/refusals';
import { hasTag, isSameBytes, rangeOf } from './byte-range';

/** An open file that a route answers with; whoever sends it closes it. */
export interface ServedFile {
  handle: FileHandle;
  size: number;
  etag: string;
  mediaType: string;
  disposition: 'inline' | 'attachment';
  fileName: string;
}

const yearSeconds = 365 * 24 * 60 * 60;

/**
 * Sends a file, or the part of it that was asked for, or only that it has not changed. Files of the library never
 * change.
 */
export async function sendFile(request: FastifyRequest, reply: FastifyReply, file: ServedFile): Promise<void> {
  const { headers } = request;
  void reply.headers({
    etag: file.etag,
    'accept-ranges': 'bytes',
    'cache-control': `private, immutable, max-age=${yearSeconds}`,
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  });
  if (hasTag(headers['if-none-match'], file.etag)) {
    await file.handle.close();
    await reply.code(304).send();
    return;
  }
  const ranged = request.method === 'GET' && isSameBytes(headers['if-range'] as string | undefined, file.etag);
  const range = ranged ? rangeOf(headers.range, file.size) : undefined;
  if (range === 'unsatisfiable') {
    await file.handle.close();
    void reply.removeHeader('etag').header('content-range', `bytes */${file.size}`);
    throw refusal(
      'range_not_satisfiable',
      `the file has ${file.size} bytes; one range of them can be had, as in "bytes=0-99"`,
    );
  }
  const { first, last } = range ?? { first: 0, last: file.size - 1 };
  void reply.headers({
    'content-type': file.mediaType,
    'content-length': last - first + 1,
    'content-disposition': `${file.disposition}; filename="${file.fileName}"`,
  });
  if (range !== undefined) void reply.code(206).header('content-range', `bytes ${first}-${last}/${file.size}`);
  await reply.send(await bodyOf(request, file, first, last));
}

async function bodyOf(request: FastifyRequest, file: ServedFile, first: number, last: number): Promise<Readable> {
  // An empty stream, because an empty body would set the length to 0.
  if (request.method !== 'HEAD' && file.size > 0) return file.handle.createReadStream({ start: first, end: last });
  await file.handle.close();
  return Readable.from([]);
}
