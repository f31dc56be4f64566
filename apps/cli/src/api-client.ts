import { setTimeout as sleep } from 'node:timers/promises';
import { apiPrefix, problem, type Problem, type RouteDefinition } from '@tower/contracts';
import { AppError, backoffMs, newId, type ErrorKind } from '@tower/kit';
import type { z } from 'zod';

type Given<Schema, Name extends string> = Schema extends z.ZodType
  ? Record<string, never> extends z.input<Schema>
    ? { [Key in Name]?: z.input<Schema> }
    : { [Key in Name]: z.input<Schema> }
  : object;

/** What a caller writes; defaults may be left out. */
type CallInput<Route extends RouteDefinition> = Given<Route['params'], 'params'> &
  Given<Route['query'], 'query'> &
  Given<Route['body'], 'body'>;
type CallOutput<Route extends RouteDefinition> = Route['response'] extends z.ZodType
  ? z.output<Route['response']>
  : never;

interface ApiClientOptions {
  /** Milliseconds for which an answer that does not come is asked for again. */
  patienceMs?: number;
  /** Milliseconds for one answer. */
  requestMs?: number;
  signal?: AbortSignal;
}

const requestTimeoutMs = 15_000;

/**
 * Tower's REST interface, typed from the one table of routes. Asks again while Tower restarts, where asking twice does
 * no harm.
 */
export class ApiClient {
  constructor(
    readonly url: string,
    private readonly options: ApiClientOptions = {},
  ) {}

  /** Throws an AppError with the code of the problem that was answered, or `tower_unreachable`. */
  async call<const Route extends RouteDefinition>(route: Route, input: CallInput<Route>): Promise<CallOutput<Route>> {
    const { params, query, body } = input as {
      params?: Record<string, string>;
      query?: Record<string, unknown>;
      body?: unknown;
    };
    const request: PreparedRequest = {
      url: `${this.url}${apiPrefix}${fillPath(route.path, params)}${queryString(query)}`,
      method: route.method,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(route.idempotent ? { 'idempotency-key': newId() } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    const isRepeatable = route.method === 'GET' || route.method === 'DELETE' || route.idempotent === true;
    const answer = await this.send(request, isRepeatable);
    return (route.response as z.ZodType).parse(answer) as CallOutput<Route>;
  }

  /** Sends a file to a route that takes one. Throws as `call`. */
  async sendFile<const Route extends FileRoute>(route: Route, file: Blob): Promise<z.output<Route['response']>> {
    const url = `${this.url}${apiPrefix}${route.path}`;
    const headers = { accept: 'application/json', 'content-type': 'application/octet-stream' };
    // The same bytes have the same id, however often they are sent.
    const answer = await this.send({ url, method: route.method, headers, body: file }, true);
    return route.response.parse(answer) as z.output<Route['response']>;
  }

  /** The live feed's address for a path that an answer named. */
  webSocketUrl(path: string): string {
    return new URL(path, this.url.replace(/^http/, 'ws')).href;
  }

  private async send(request: PreparedRequest, isRepeatable: boolean): Promise<unknown> {
    const { patienceMs = 30_000, requestMs = requestTimeoutMs, signal } = this.options;
    const deadline = performance.now() + patienceMs;
    for (let attempt = 0; ; attempt++) {
      signal?.throwIfAborted();
      try {
        return await sendOnce(request, requestMs, signal);
      } catch (error) {
        signal?.throwIfAborted();
        const isPassing = error instanceof AppError && (error.kind === 'unavailable' || error.kind === 'too_many');
        if (!isRepeatable || !isPassing || performance.now() > deadline) throw error;
        await sleep(
          backoffMs(attempt, { firstMs: 100, maxMs: 2_000 }),
          undefined,
          signal === undefined ? {} : { signal },
        ).catch(() => undefined);
      }
    }
  }
}

/** A route whose body is a file. */
type FileRoute = RouteDefinition & { readonly file: readonly string[]; readonly response: z.ZodType };

interface PreparedRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string | Blob;
}

async function sendOnce(
  { url, ...init }: PreparedRequest,
  requestMs: number,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  let response: Response;
  let text: string;
  try {
    const timeout = AbortSignal.timeout(requestMs);
    response = await fetch(url, {
      ...init,
      signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
    });
    text = await response.text();
  } catch (cause) {
    const reason = (cause as { cause?: { code?: string } }).cause?.code ?? (cause as Error).message;
    throw new AppError(
      'unavailable',
      'tower_unreachable',
      `Tower does not answer at ${new URL(url).origin} (${reason})`,
      { cause },
    );
  }
  const json = parseJson(text);
  if (response.ok) return json;
  throw toError(response.status, problem.safeParse(json).data, url);
}

const kinds: Readonly<Record<number, ErrorKind>> = {
  400: 'invalid',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  410: 'not_found',
  413: 'too_large',
  415: 'invalid',
  422: 'invalid',
  429: 'too_many',
  502: 'unavailable',
  503: 'unavailable',
  504: 'unavailable',
};

function toError(status: number, answered: Problem | undefined, url: string): AppError {
  const kind = kinds[status] ?? 'internal';
  if (answered === undefined)
    return new AppError(kind, 'unexpected_answer', `${url} answered ${status} without saying why`, {
      details: { status },
    });
  const fields = answered.errors ?? [];
  const where = fields.map((field) => `${field.pointer === '' ? 'body' : field.pointer}: ${field.message}`).join('; ');
  const message = where === '' || answered.detail.includes(where) ? answered.detail : `${answered.detail} (${where})`;
  return new AppError(kind, answered.code, message, {
    fields,
    details: { status, correlationId: answered.correlation_id },
  });
}

const fillPath = (path: string, params: Record<string, string> = {}): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));

function queryString(query: Record<string, unknown> = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return given.length === 0
    ? ''
    : `?${new URLSearchParams(Object.fromEntries(given.map(([name, value]) => [name, String(value)]))).toString()}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
