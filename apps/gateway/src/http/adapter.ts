import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { describeError, newId, type AppError, type Clock, type Logger } from '@tower/kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { HttpMetrics } from '../gateway.metrics';
import { takesFile } from './file-body';
import { requireKnownHost, requireOneHost, requireOwnOrigin } from './origin';
import { answerProblem, pathOf } from './problem-answer';
import { endWithProblem } from './raw-answer';
import { RateLimit } from './rate-limit';
import { notJson, refusal } from './refusals';
import { RouteTable } from './route-table';

/** Below what a question between the services carries, so that every body that is taken can also be handed on. */
const maxBodyBytes = 1_000_000;
/** Of the request line and all headers together; Node refuses more with 431. */
const maxHeaderBytes = 16 * 1024;
const maxUrlLength = 8_000;
/** Milliseconds. A request that trickles in slower only holds a connection. */
const headersTimeoutMs = 10_000;
const requestTimeoutMs = 30_000;
/** Milliseconds without a byte in either direction before a connection is dropped; websockets ping more often. */
const silenceTimeoutMs = 120_000;

const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

interface HttpOptions {
  logger: Logger;
  metrics: HttpMetrics;
  allowedHosts: ReadonlySet<string>;
  /** Requests per second and client; 0 for no limit. */
  requestsPerSecond: number;
  clock: Clock;
}

/**
 * Fastify with this door's limits, and every refusal that happens before a route is reached in the shape of a problem.
 */
export function createHttpAdapter(options: HttpOptions): FastifyAdapter {
  const { logger } = options;
  const adapter = new FastifyAdapter({
    bodyLimit: maxBodyBytes,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: silenceTimeoutMs,
    http: {
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: headersTimeoutMs,
      connectionsCheckingInterval: 5_000,
      requireHostHeader: false,
    },
    // The schemas of the routes say what a parameter may be; `querystring` likewise, which is parsed strictly where it
    // is checked.
    routerOptions: { maxParamLength: maxUrlLength, querystringParser: () => ({}) },
    genReqId: (request: IncomingMessage) => correlationIdOf(request.headers['x-correlation-id']),
    frameworkErrors: (_error: Error, request: FastifyRequest, reply: FastifyReply) => {
      setCommonHeaders(request, reply);
      answerProblem(request, reply, refusal('url_malformed', 'the address is not valid percent-encoded UTF-8'), logger);
    },
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket, logger),
  });
  const fastify: FastifyInstance = adapter.getInstance();
  const routes = new RouteTable();
  const rate = new RateLimit(options.requestsPerSecond, options.clock);
  fastify.addHook('onRoute', (route) => routes.add(route.method, route.url));
  fastify.addHook('onRequest', (request, reply, done) => {
    setCommonHeaders(request, reply);
    done(refuseEarly(request, reply, routes, rate, options.allowedHosts));
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const seconds = reply.elapsedTime / 1000;
    options.metrics.requestSeconds.observe(
      {
        method: request.method,
        route: request.is404 ? 'none' : (request.routeOptions.url ?? 'none'),
        status: reply.statusCode,
      },
      seconds,
    );
    logger.info(
      {
        correlationId: request.id,
        method: request.method,
        path: pathOf(request.raw.url),
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        ...(request.problemCode === undefined ? {} : { code: request.problemCode }),
      },
      'request',
    );
    done();
  });
  acceptJson(adapter, fastify);
  acceptFiles(fastify);
  return adapter;
}

const correlationIdOf = (given: string | string[] | undefined): string =>
  typeof given === 'string' && uuidForm.test(given) ? given.toLowerCase() : newId();

function setCommonHeaders(request: FastifyRequest, reply: FastifyReply): void {
  void reply.headers({
    'x-correlation-id': request.id,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cache-control': 'no-store',
  });
}

/** What can be said before the body is read. */
function refuseEarly(
  request: FastifyRequest,
  reply: FastifyReply,
  routes: RouteTable,
  rate: RateLimit,
  allowedHosts: ReadonlySet<string>,
): Error | undefined {
  try {
    const { url = '/', headers } = request.raw;
    rate.count(request.ip);
    requireOneHost(request.raw);
    requireKnownHost(headers, allowedHosts);
    if (url.length > maxUrlLength)
      throw refusal('url_too_long', `the address is longer than ${maxUrlLength} characters`);
    requireOwnOrigin(request.method, headers);
    if (request.is404) refuseUnrouted(request, reply, routes);
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity')
      throw refusal('media_type_unsupported', 'compressed bodies are not taken; send the JSON as it is');
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

function refuseUnrouted(request: FastifyRequest, reply: FastifyReply, routes: RouteTable): void {
  const path = pathOf(request.raw.url);
  const methods = routes.methodsAt(path);
  if (methods.length === 0) throw refusal('route_not_found', `there is nothing at ${path}; /docs lists what there is`);
  void reply.header('allow', [...methods, 'OPTIONS'].join(', '));
  if (request.method === 'OPTIONS') {
    void reply.code(204).send();
    return;
  }
  throw refusal('method_not_allowed', `${request.method} is not possible here; ${methods.join(', ')} is`);
}

/** JSON in valid UTF-8; keys that would reach an object's prototype are refused. */
function acceptJson(adapter: FastifyAdapter, fastify: FastifyInstance): void {
  const parseJson = fastify.getDefaultJsonParser('error', 'error');
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  fastify.removeContentTypeParser('text/plain');
  adapter.useBodyParser(
    'application/json',
    false,
    { bodyLimit: maxBodyBytes },
    (request: FastifyRequest, body: Buffer, done: (error: Error | null, body?: unknown) => void) => {
      if (body.length === 0) return done(null, undefined);
      let text: string;
      try {
        text = utf8.decode(body);
      } catch {
        return done(refusal('json_malformed', 'the body is not valid UTF-8'));
      }
      void parseJson(request, text, (error, parsed) => {
        if (error) done(refusal('json_malformed', `the body is not valid JSON: ${whyNotJson(text)}`));
        else done(null, parsed);
      });
    },
  );
}

/** Whatever else is sent goes unread to the routes that take files; all others take JSON alone. */
function acceptFiles(fastify: FastifyInstance): void {
  fastify.addContentTypeParser('*', (request, payload, done) => {
    if (takesFile(request)) done(null, payload);
    else done(notJson());
  });
}

/** Fastify's own message does not say where. */
function whyNotJson(text: string): string {
  try {
    JSON.parse(text);
    return 'fields named __proto__ or constructor are not taken';
  } catch (error) {
    return describeError(error);
  }
}

function answerBrokenRequest(error: Error & { code?: string }, socket: Socket, logger: Logger): void {
  // Bytes of an earlier answer may still be on their way; another one in between would be taken for a part of it.
  if (error.code === 'ECONNRESET' || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  endWithProblem(socket, brokenRequest(error.code), logger);
}

function brokenRequest(code: string | undefined): AppError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return refusal(
        'headers_too_large',
        `the request line and headers together are larger than ${maxHeaderBytes} bytes`,
      );
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return refusal('request_too_slow', 'the request took too long to arrive');
    default:
      return refusal('http_malformed', 'this is not a valid HTTP request');
  }
}
