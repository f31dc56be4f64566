import { applyDecorators, Req, RequestMapping, RequestMethod, Res } from '@nestjs/common';
import { apiPrefix, type Method, type RouteDefinition, type RouteInput, type RouteOutput } from '@tower/contracts';
import { RouteConfig } from '@nestjs/platform-fastify';
import { AppError, correlated, parseInput, readTraceparent } from '@tower/kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { sendFile, type ServedFile } from '../artifacts/served-file';
import { dropRest, fileRoute, readFileBody } from './file-body';
import { parseQuery } from './query-string';
import { refusal } from './refusals';

type Answer<Route extends RouteDefinition> = Route['response'] extends z.ZodType ? RouteOutput<Route> : ServedFile;
type Handler<Route extends RouteDefinition> = (input: RouteInput<Route>) => Promise<Answer<Route>>;

const nestMethod: Record<Method, RequestMethod> = {
  GET: RequestMethod.GET,
  POST: RequestMethod.POST,
  PATCH: RequestMethod.PATCH,
  PUT: RequestMethod.PUT,
  DELETE: RequestMethod.DELETE,
};

/** Routes that have a handler; two handlers for one are a mistake. */
const bound = new Set<RouteDefinition>();

/**
 * Binds a method to a route of the contracts: it is given the parsed and typed input, its answer is checked against the
 * route's schema. What does not fit is refused before the method is called.
 */
export function Endpoint<const Route extends RouteDefinition>(route: Route) {
  return (target: object, key: string, descriptor: { value?: Handler<Route> }): void => {
    const handler = descriptor.value;
    if (handler === undefined) throw new Error('only methods can be handlers');
    if (bound.has(route)) throw new Error(`${route.method} ${route.path} has two handlers`);
    bound.add(route);
    const checked = new CheckedAnswers(route);
    const answering = async function (this: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> {
      const answer: unknown = await correlated(
        { correlationId: request.id, traceparent: readTraceparent(request.headers.traceparent) },
        () => answerTo(route, request, (input) => handler.call(this, input)),
      );
      if ('bytes' in route.response) await sendFile(request, reply, answer as ServedFile);
      else await reply.code(route.status).send(checked.of(route.response, answer));
    };
    descriptor.value = answering as never;
    Req()(target, key, 0);
    Res()(target, key, 1);
    const mapping = RequestMapping({ path: pathsOf(route), method: nestMethod[route.method] });
    applyDecorators(mapping, ...(route.file === undefined ? [] : [RouteConfig(fileRoute)]))(
      target,
      key,
      descriptor as PropertyDescriptor,
    );
  };
}

/** Routes of the contracts that nobody answers; the document would promise them all the same. */
export const unboundRoutes = (routes: Readonly<Record<string, RouteDefinition>>): string[] =>
  Object.entries(routes)
    .filter(([, route]) => !bound.has(route))
    .map(([name]) => name);

/** Where a route is found, as Fastify writes it. */
export function pathsOf(route: RouteDefinition): string[] {
  const paths = [route.path, ...(route.aliases ?? [])];
  return paths.map((path) =>
    (path.startsWith('root:') ? path.slice('root:'.length) : apiPrefix + path).replace(/\{(\w+)\}/g, ':$1'),
  );
}

/** Whatever comes of a file, the rest of it is let go: a client that still sends would wait for somebody to read. */
async function answerTo<Route extends RouteDefinition, Result>(
  route: Route,
  request: FastifyRequest,
  handle: (input: RouteInput<Route>) => Promise<Result>,
): Promise<Result> {
  try {
    return await handle(readInput(route, request));
  } finally {
    if (route.file !== undefined) dropRest(request);
  }
}

function readInput<Route extends RouteDefinition>(route: Route, request: FastifyRequest): RouteInput<Route> {
  const input = {
    params:
      route.params === undefined
        ? undefined
        : parseInput(route.params, request.params, {
            code: 'path_invalid',
            message: 'the address is not valid',
            root: '{}',
          }),
    query: parseInput(route.query ?? z.strictObject({}), parseQuery(request.raw.url ?? ''), {
      code: 'query_invalid',
      message: 'the query is not valid',
      root: '?',
    }),
    body: readBody(route, request),
    file: route.file === undefined ? undefined : readFileBody(request),
    idempotencyKey: route.idempotent ? readIdempotencyKey(request) : undefined,
    correlationId: request.id,
  };
  return input as unknown as RouteInput<Route>;
}

function readBody(route: RouteDefinition, request: FastifyRequest): unknown {
  if (route.body === undefined) return undefined;
  const given = request.body ?? (route.bodyOptional && request.body === undefined ? {} : request.body);
  if (given === undefined) throw refusal('body_missing', 'this request needs a JSON body');
  return parseInput(route.body, given, { code: 'body_invalid', message: 'the body is not valid' });
}

/** 1 to 200 visible ASCII characters; several such headers arrive joined by a comma and a blank, and so are refused. */
const idempotencyKeyForm = /^[\x21-\x7e]{1,200}$/;

function readIdempotencyKey(request: FastifyRequest): string | undefined {
  const given = request.headers['idempotency-key'];
  if (given === undefined) return undefined;
  if (typeof given === 'string' && idempotencyKeyForm.test(given)) return given;
  const field = { pointer: 'Idempotency-Key:', message: 'must be 1 to 200 visible ASCII characters' };
  throw refusal('idempotency_key_invalid', `Idempotency-Key ${field.message}`, { fields: [field] });
}

/**
 * Answers of one route that are what the interface promises. Those who asked the same share one object, which is
 * checked once.
 */
class CheckedAnswers {
  private readonly known = new WeakMap<object, unknown>();

  constructor(private readonly route: RouteDefinition) {}

  of(schema: z.ZodType, answer: unknown): unknown {
    if (typeof answer !== 'object' || answer === null) return this.check(schema, answer);
    const known = this.known.get(answer) ?? this.check(schema, answer);
    this.known.set(answer, known);
    return known;
  }

  private check(schema: z.ZodType, answer: unknown): unknown {
    const result = schema.safeParse(answer);
    if (result.success) return result.data;
    throw new AppError(
      'internal',
      'answer_invalid',
      'the answer is not what the interface promises; the log has the details under this correlation id',
      {
        cause: new Error(`${this.route.method} ${this.route.path}: ${result.error.message}`),
      },
    );
  }
}
