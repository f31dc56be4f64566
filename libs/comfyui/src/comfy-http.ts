import { AppError, causesOf, sizeText, withoutCredentials } from '@tower/kit';
import type { z } from 'zod';
import type { CardAccess } from './access/card-access';
import { fetchFromCard } from './access/card-fetch';
import {
  describeCertificateTrouble,
  describeLoginRefusal,
  describePage,
  describeRedirect,
  isLoginRefusal,
} from './access/card-refusal';
import { parseComfyJson } from './comfy-json';

/** What an unanswered request proves. */
export type Silence = 'refused' | 'no_answer';

/**
 * Bytes that an answer may have: descriptions of nodes, queues and histories carry whole graphs; everything else is
 * short.
 */
export const answerLimits = { large: 64 * 1024 ** 2, small: 4 * 1024 ** 2 };

/**
 * HTTP with one ComfyUI server: time limits, size limits, tolerant JSON, and errors that say which server and why. A
 * redirect is never followed: what a server names may lie anywhere in the own network.
 */
export class ComfyHttp {
  constructor(
    readonly name: string,
    readonly url: string,
    readonly access?: CardAccess,
  ) {}

  /** Throws what `request` and `text` throw, and `comfyui_unexpected_answer`. */
  async json<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    timeoutMs: number,
    maxBytes = answerLimits.small,
  ): Promise<z.output<Schema>> {
    const response = await this.request(path, { signal: AbortSignal.timeout(timeoutMs) });
    const text = await this.text(response, maxBytes);
    if (response.status !== 200) {
      const page = describePage(text);
      throw new AppError(
        'unavailable',
        'comfyui_unexpected_answer',
        `${this.name} answers ${response.status} to GET ` +
          `${path}${page === '' ? '' : ` with ${page}: what stands before ComfyUI says so`}`,
      );
    }
    return this.parse(path, text, schema);
  }

  parse<Schema extends z.ZodType>(path: string, text: string, schema: Schema): z.output<Schema> {
    try {
      return schema.parse(parseComfyJson(text));
    } catch (error) {
      const page = describePage(text);
      const what = page === '' ? "something that is not ComfyUI's" : `${page}, which is a login or another program`;
      throw new AppError(
        'unavailable',
        'comfyui_unexpected_answer',
        `${this.name} answers ${path} with ${what}: is ${withoutCredentials(this.url)} a ComfyUI?`,
        { cause: error },
      );
    }
  }

  /** Sends JSON and returns the status; the body of these routes says nothing. */
  async post(path: string, body: unknown, timeoutMs: number): Promise<number> {
    const response = await this.request(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    });
    await this.text(response);
    return response.status;
  }

  /**
   * Throws `comfyui_unreachable` (what kind of silence it was is in `silenceOf`), `comfyui_redirects` and
   * `comfyui_login_refused`. Whoever calls reads the body of the answer or cancels it.
   */
  async request(path: string, options: RequestInit): Promise<Response> {
    let response: Response;
    try {
      response = await fetchFromCard(this.url + path, options, this.access);
    } catch (error) {
      throw this.unreachable(error);
    }
    const { status, headers } = response;
    const redirects = status >= 300 && status <= 399;
    if (!redirects && !isLoginRefusal(status)) return response;
    await response.body?.cancel();
    if (redirects)
      throw new AppError('unavailable', 'comfyui_redirects', describeRedirect(this, path, headers.get('location')));
    // Somebody may just have replaced it.
    this.access?.renew();
    throw new AppError(
      'unavailable',
      'comfyui_login_refused',
      describeLoginRefusal(this, status, path, headers.get('www-authenticate')),
    );
  }

  /**
   * The body as text. Throws `comfyui_unreachable` when it breaks off and `comfyui_answer_too_large` above `maxBytes`,
   * without reading on.
   */
  async text(response: Response, maxBytes = answerLimits.small): Promise<string> {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for await (const piece of this.pieces(response)) {
      bytes += piece.length;
      if (bytes > maxBytes)
        throw new AppError(
          'unavailable',
          'comfyui_answer_too_large',
          `${this.name} answers with more than ${sizeText(maxBytes)}, which no ComfyUI ` +
            `does: is ${withoutCredentials(this.url)} a ComfyUI?`,
        );
      pieces.push(piece);
    }
    return new TextDecoder().decode(Buffer.concat(pieces));
  }

  /** The body as it comes; leaving it early cancels the rest. Throws `comfyui_unreachable` when it breaks off. */
  async *pieces(response: Response): AsyncGenerator<Uint8Array> {
    if (response.body === null) return;
    const reader = response.body.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read().catch((error: unknown) => {
          throw this.unreachable(error);
        });
        if (done) return;
        yield value;
      }
    } finally {
      // Read to its end or broken already: then there is nothing left to cancel.
      await reader.cancel().catch(() => undefined);
    }
  }

  private unreachable(error: unknown): AppError {
    const shown = withoutCredentials(this.url);
    // It may name the address itself.
    const causes = causesOf(error).replaceAll(this.url, shown);
    const what = isTlsFault(causes) ? 'answers, but its TLS is not to be trusted or is none' : 'does not answer';
    return new AppError(
      'unavailable',
      'comfyui_unreachable',
      `${this.name} (${shown}) ${what}: ${causes}${describeCertificateTrouble(causes, this)}`,
      { cause: error },
    );
  }
}

/** What answered looked at nothing of what was asked: a login or another address is wanted first. */
export const isTurnedAway = (error: unknown): boolean =>
  error instanceof AppError && ['comfyui_redirects', 'comfyui_login_refused'].includes(error.code);

/**
 * Whether a status speaks of this one request (too large, not understood, not allowed) and so of no other. Not those
 * that say "later".
 */
export const refusesRequest = (status: number): boolean =>
  status >= 400 && status < 500 && ![408, 421, 423, 425, 429].includes(status);

/** What a server answered, for a person: its own words on one line where it has any, after the status. */
export function wordsOf(status: number, text: string): string {
  const words = text
    .replace(/<[^>]*>/g, ' ')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, 300);
  return `it answers ${status}${words === '' ? ' without a word' : `: ${words}`}`;
}

/** `refused`: nothing listens there, so the process is gone or not up yet. `no_answer`: it may only be busy. */
export const silenceOf = (error: unknown): Silence =>
  /ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|EAI_AGAIN/.test(causesOf(error)) ? 'refused' : 'no_answer';

const isTlsFault = (causes: string): boolean =>
  /\bCERT_|_CERT\b|CERT_IN_CHAIN|UNABLE_TO_VERIFY|ERR_TLS|ERR_SSL|\bEPROTO\b/.test(causes);
