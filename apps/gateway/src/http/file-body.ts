import { Readable } from 'node:stream';
import type { ReceivedFile } from '@tower/contracts';
import type { FastifyRequest } from 'fastify';
import { boundaryOf, formFile } from '../uploads/form-file';
import { refusal } from './refusals';

/** What the routes that take a file have in their configuration. */
export const fileRoute = { takesFile: true } as const;

export const takesFile = ({ routeOptions: { config } }: FastifyRequest): boolean =>
  'takesFile' in config && config.takesFile === true;

/** The file that a request brings, as its body or as the one field of a form. Nothing of it is read here. */
export function readFileBody(request: FastifyRequest): ReceivedFile {
  const { body, headers } = request;
  if (body === undefined) return { announcedBytes: 0, chunks: nothing() };
  if (!(body instanceof Readable))
    throw refusal(
      'media_type_unsupported',
      'a file is wanted, and this is JSON: send the bytes as they are with Content-Type: application/octet-stream, ' +
        'or a form with the one field "file"',
    );
  // Who stops reading early still answers on this connection.
  const chunks: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => body.iterator({ destroyOnReturn: false }) };
  const boundary = boundaryOf(headers['content-type']);
  if (boundary !== undefined) return { announcedBytes: undefined, chunks: formFile(chunks, boundary) };
  const length = Number(headers['content-length']);
  return { announcedBytes: Number.isSafeInteger(length) ? length : undefined, chunks };
}

/** Reads what is left of the body and forgets it, for as long as a request may take. */
export function dropRest({ body }: FastifyRequest): void {
  if (body instanceof Readable) body.resume();
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
