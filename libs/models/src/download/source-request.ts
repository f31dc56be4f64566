import http from 'node:http';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { AppError, withoutCredentials } from '@tower/kit';
import type { AddressGuard } from './address-guard';

/** Something that another try may get past: a lost connection, a server that has no time. */
export class SourceTrouble extends Error {
  override readonly name = 'SourceTrouble';
  constructor(
    message: string,
    readonly options: { cause?: unknown; retryAfterMs?: number } = {},
  ) {
    super(message, { cause: options.cause });
  }
}

export interface SourceAnswer {
  readonly body: IncomingMessage;
  /** Which byte of the file the body begins with; undefined when the server has nothing from there on (416). */
  readonly firstByte: number | undefined;
  /** Of the whole file, as far as the server says. */
  readonly totalBytes: number | null;
  /** Strong ones only: a weak one does not promise the same bytes (RFC 9110, 8.8.1). */
  readonly etag: string | null;
}

interface SourceQuestion {
  readonly url: string;
  readonly from: number;
  /** The state of the file that the bytes before `from` belong to. */
  readonly etag: string | null;
  readonly guard: AddressGuard;
  /** Milliseconds without a byte after which the connection counts as lost. */
  readonly idleMs: number;
  readonly signal: AbortSignal;
}

const maxRedirects = 5;
const maxRetryAfterMs = 120_000;

/**
 * Asks for the file from a byte on, following redirects.
 * @throws SourceTrouble; AppError for an answer that will not change by asking again; the signal's reason
 */
export async function askSource(question: SourceQuestion): Promise<SourceAnswer> {
  let url = new URL(question.url);
  for (let redirects = 0; ; redirects += 1) {
    question.guard.check(url);
    const response = await open(url, question);
    const location = response.headers.location;
    if (![301, 302, 303, 307, 308].includes(response.statusCode ?? 0) || location === undefined)
      return judge(response, question);
    response.destroy();
    if (redirects === maxRedirects)
      throw new AppError(
        'conflict',
        'download_failed',
        `${withoutCredentials(question.url)} redirects more than ${maxRedirects} times`,
      );
    url = new URL(location, url);
  }
}

function open(url: URL, { from, etag, guard, idleMs, signal }: SourceQuestion): Promise<IncomingMessage> {
  const headers: Record<string, string> = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'tower' };
  if (from > 0) headers['range'] = `bytes=${from}-`;
  if (from > 0 && etag !== null) headers['if-range'] = etag;
  const lookup = guard.lookupFor(url);
  return new Promise((resolve, reject) => {
    const options = {
      headers,
      signal,
      agent: false as const,
      timeout: idleMs,
      ...(lookup === undefined ? {} : { lookup }),
    };
    const request = (url.protocol === 'https:' ? https : http).get(url, options, resolve);
    request.on('timeout', () => request.destroy(new Error(`nothing came for ${Math.round(idleMs / 1000)} s`)));
    request.on('error', (error) => {
      reject(
        error instanceof AppError || signal.aborted
          ? error
          : new SourceTrouble(`${url.host} cannot be reached: ${error.message}`, { cause: error }),
      );
    });
  });
}

function judge(response: IncomingMessage, { url: address, from }: SourceQuestion): SourceAnswer {
  const url = withoutCredentials(address);
  const status = response.statusCode ?? 0;
  const { headers } = response;
  const refuse = (error: Error): never => {
    response.destroy();
    throw error;
  };
  const etag = headers.etag !== undefined && !headers.etag.startsWith('W/') ? headers.etag : null;
  if (status === 416 && from > 0) {
    response.destroy();
    return { body: response, firstByte: undefined, totalBytes: null, etag };
  }
  if (status !== 200 && status !== 206) return refuse(refusalOf(status, url, headers['retry-after']));
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity')
    return refuse(
      new AppError(
        'conflict',
        'download_failed',
        `${url} is sent ${encoding}-encoded, although the plain file was asked for`,
      ),
    );
  if (status === 200) return { body: response, firstByte: 0, totalBytes: wholeNumber(headers['content-length']), etag };
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers['content-range'] ?? '');
  if (range === null || from === 0)
    return refuse(new SourceTrouble(`${url} answered with a part of the file without saying which`));
  return { body: response, firstByte: Number(range[1]), totalBytes: wholeNumber(range[3]), etag };
}

function refusalOf(status: number, url: string, retryAfter: string | undefined): Error {
  if (status >= 500 || status === 408 || status === 425 || status === 429) {
    const seconds = wholeNumber(retryAfter);
    return new SourceTrouble(
      `${url} answered with status ${status}`,
      seconds === null ? {} : { retryAfterMs: Math.min(seconds * 1000, maxRetryAfterMs) },
    );
  }
  if (status === 401 || status === 403)
    return new AppError(
      'forbidden',
      'download_refused',
      `${url} gives the file only to people who have signed in there (status ${status}): fetch it by hand`,
    );
  if (status === 404 || status === 410)
    return new AppError(
      'not_found',
      'download_gone',
      `${url} is no longer there (status ${status}): find the file's new ` +
        `address and correct it in models/manifest.yaml`,
    );
  return new AppError('conflict', 'download_failed', `${url} answered with status ${status}`);
}

const wholeNumber = (text: string | undefined): number | null =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
