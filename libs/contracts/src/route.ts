import type { z } from 'zod';

export type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

interface RouteShape {
  readonly method: Method;
  /** Below the prefix, with `{name}` parameters, as OpenAPI writes it. */
  readonly path: string;
  /** Other paths with the same meaning; `root:` ones stand outside the prefix. */
  readonly aliases?: readonly string[];
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** The body is a file of one of these media types, as it is or as the field `file` of a form; `body` is absent then. */
  readonly file?: readonly string[];
  /** Bodies as people send them, by what they show. */
  readonly examples?: Readonly<Record<string, unknown>>;
  /**
   * Routes that take something of the answer, which a runtime expression (OpenAPI 3.1) finds:
   * `getJob: { id: '$response.body#/job_id' }`.
   */
  readonly links?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** An empty body means the same as `{}`. */
  readonly bodyOptional?: boolean;
  /** Accepts `Idempotency-Key`. */
  readonly idempotent?: boolean;
  /** Status of the good answer. */
  readonly status: 200 | 201 | 202;
  /** JSON shape of the good answer, or the media types of its bytes. */
  readonly response: z.ZodType | { readonly bytes: readonly string[] };
  /** Statuses beyond those every route may give (see `refusalsOf`). */
  readonly refusals?: readonly number[];
  /** Problems with members of their own, by status. */
  readonly problems?: Readonly<Record<number, z.ZodType>>;
}

export type RouteDefinition = RouteShape;

type Parsed<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;

/** A file on its way in. Who reads it reads it once, and may stop early. */
export interface ReceivedFile {
  /** As the sender says; undefined where it does not, or where the file is a part of what is sent. */
  readonly announcedBytes: number | undefined;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** What a handler is given. */
export interface RouteInput<Route extends RouteShape> {
  params: Parsed<Route['params']>;
  query: Parsed<Route['query']>;
  body: Parsed<Route['body']>;
  file: Route['file'] extends readonly string[] ? ReceivedFile : undefined;
  idempotencyKey: string | undefined;
  correlationId: string;
}

export type RouteOutput<Route extends RouteShape> = Route['response'] extends z.ZodType
  ? z.input<Route['response']>
  : never;

/** Declares a route once for the door, the document and the client. */
export const defineRoute = <const Route extends RouteShape>(route: Route): Route => route;

/**
 * What every request risks: bad encoding or query, a foreign origin, headers that come too slowly or are too large,
 * overload, trouble on our side.
 */
const commonRefusals = [400, 403, 405, 408, 414, 429, 431, 500, 503];

/** Every status besides the good one that this route's answer may carry. */
export function refusalsOf(route: RouteShape): number[] {
  const refusals = new Set([...commonRefusals, ...(route.refusals ?? [])]);
  if (route.params) refusals.add(404);
  if (route.method !== 'GET') refusals.add(409).add(413).add(415);
  return [...refusals].sort((a, b) => a - b);
}
