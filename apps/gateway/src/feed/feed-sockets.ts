import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import { RequestClient } from '@tower/bus';
import { apiPrefix, getJobRequest, uuid, wholeNumber } from '@tower/contracts';
import { AppError, correlated, invalid, LOGGER, newId, parseInput, type Logger } from '@tower/kit';
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws';
import { z } from 'zod';
import { allowedHosts, GATEWAY_ENV, type GatewayEnv } from '../env';
import { FeedMetrics } from '../gateway.metrics';
import { isOwnOrigin, requireKnownHost, requireOneHost } from '../http/origin';
import { pathOf } from '../http/problem-answer';
import { parseQuery } from '../http/query-string';
import { endWithProblem } from '../http/raw-answer';
import { refusal } from '../http/refusals';
import { FeedBroadcaster } from './feed-broadcaster';
import { FeedSocket, type FeedSource } from './feed-socket';
import { FeedService } from './feed.service';
import { PreviewWishes } from './preview-wishes';

const pingEveryMs = 15_000;
/** What clients ask for is far shorter. */
const maxMessageBytes = 64 * 1024;
/** Each costs some kilobytes and a share of every push. */
const maxSockets = 2_000;
const goodbyeMs = 1_000;
/** What `listen` takes unless it is told. */
const closeTimeoutMs = 10_000;

/** `closeTimeout` is an option that the types do not know yet. */
const serverOptions = (closeTimeout: number): ServerOptions & { closeTimeout: number } => ({
  noServer: true,
  maxPayload: maxMessageBytes,
  perMessageDeflate: false,
  closeTimeout,
});

const feedQuery = z.strictObject({ since: wholeNumber(0, Number.MAX_SAFE_INTEGER).optional() });

interface Admission {
  source: FeedSource;
  since: number | undefined;
}

/** The websocket side of the door: who may come in, and what happens until they leave. */
@Injectable()
export class FeedSockets {
  private readonly open = new Map<WebSocket, FeedSocket>();
  private readonly allowedHosts: ReadonlySet<string>;

  constructor(
    private readonly feed: FeedService,
    private readonly hub: FeedBroadcaster,
    private readonly services: RequestClient,
    private readonly metrics: FeedMetrics,
    @Inject(GATEWAY_ENV) env: GatewayEnv,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.allowedHosts = allowedHosts(env);
  }

  /**
   * Takes upgrades of this server until the returned function is called. `answerWithinMs`: milliseconds that a client
   * gets to answer our goodbye; then the connection ends without.
   */
  listen(http: Server, answerWithinMs = closeTimeoutMs): () => Promise<void> {
    const server = new WebSocketServer(serverOptions(answerWithinMs));
    const onUpgrade = (request: IncomingMessage, connection: Duplex, head: Buffer): void =>
      void this.upgrade(server, request, connection, head);
    http.on('upgrade', onUpgrade);
    const pinging = setInterval(() => this.open.forEach((client) => client.ping()), pingEveryMs);
    return async () => {
      http.off('upgrade', onUpgrade);
      clearInterval(pinging);
      for (const client of this.open.values()) client.sayGoodbye();
      const deadline = setTimeout(() => this.open.forEach((_, socket) => socket.terminate()), goodbyeMs);
      await Promise.all([...this.open.keys()].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
      clearTimeout(deadline);
    };
  }

  private async upgrade(
    server: WebSocketServer,
    request: IncomingMessage,
    connection: Duplex,
    head: Buffer,
  ): Promise<void> {
    const correlationId = newId();
    const path = pathOf(request.url);
    connection.on('error', (error) => this.logger.debug({ err: error, correlationId }, 'connection of a websocket'));
    try {
      const admission = await this.admit(request);
      server.handleUpgrade(request, connection, head, (socket) =>
        correlated({ correlationId }, () => this.serve(socket, admission, correlationId)),
      );
      this.logger.info({ correlationId, path, since: admission.since }, 'websocket opened');
    } catch (error) {
      this.logger.info(
        { correlationId, path, code: error instanceof AppError ? error.code : 'internal_error' },
        'websocket refused',
      );
      endWithProblem(connection, error, this.logger, { correlationId, instance: path });
    }
  }

  private async admit(request: IncomingMessage): Promise<Admission> {
    requireOneHost(request);
    requireKnownHost(request.headers, this.allowedHosts);
    if (!isOwnOrigin(request.headers))
      throw refusal('origin_refused', 'pages of other sites may not follow what happens here');
    if (request.headers.upgrade?.toLowerCase() !== 'websocket')
      throw refusal('http_malformed', 'the only protocol to upgrade to is websocket');
    const source = this.sourceAt(pathOf(request.url));
    const { since } = parseInput(feedQuery, parseQuery(request.url ?? ''), {
      code: 'query_invalid',
      message: 'the query is not valid',
      root: '?',
    });
    if (this.open.size >= maxSockets)
      throw new AppError(
        'unavailable',
        'sockets_exhausted',
        `there are ${maxSockets} websockets open, which is all this process takes`,
        { retryAfterMs: 5_000 },
      );
    if (since !== undefined && source.jobId === undefined) await this.requirePast(since);
    return { source, since };
  }

  private sourceAt(path: string): FeedSource {
    const below = path.startsWith(`${apiPrefix}/`) ? path.slice(apiPrefix.length) : path;
    if (below === '/ws')
      return {
        jobId: undefined,
        bounds: () => this.feed.bounds(),
        readAfter: (seq, limit) => this.feed.readAfter(seq, limit),
        job: undefined,
      };
    const given = /^\/ws\/jobs\/([^/]+)$/.exec(below)?.[1];
    if (given === undefined)
      throw refusal('route_not_found', `there is no websocket at ${path}; /ws and /ws/jobs/{id} are`);
    const { id } = parseInput(
      z.object({ id: uuid }),
      { id: given },
      { code: 'path_invalid', message: 'the address is not valid', root: '{}' },
    );
    return {
      jobId: id,
      bounds: () => this.feed.jobBounds(id),
      readAfter: (seq, limit) => this.feed.readJobAfter(id, seq, limit),
      job: () => this.services.ask(getJobRequest, { id }),
    };
  }

  /**
   * A number that was never given belongs to another feed, from before a restore; following it would skip what comes
   * until then.
   */
  private async requirePast(since: number): Promise<void> {
    const { latest } = await this.feed.bounds();
    if (since <= latest) return;
    throw invalid(
      'since_ahead',
      `the feed has come to ${latest} and not yet to ${since}; read the present state anew and follow from there`,
      [{ pointer: '?since', message: `must not be above ${latest}` }],
    );
  }

  private serve(socket: WebSocket, { source, since }: Admission, correlationId: string): void {
    const client = new FeedSocket(socket, source, this.metrics, this.logger.child({ correlationId }));
    const label = { feed: source.jobId === undefined ? 'all' : 'job' } as const;
    let leave = (): void => undefined;
    const stopPreviews = this.hearWishes(socket, client, source.jobId);
    this.open.set(socket, client);
    this.metrics.sockets.inc(label);
    socket.on('error', (error) => this.logger.debug({ err: error, correlationId }, 'websocket broke'));
    socket.on('close', (code) => {
      leave();
      stopPreviews();
      this.open.delete(socket);
      this.metrics.sockets.dec(label);
      this.logger.info({ correlationId, code }, 'websocket closed');
    });
    void client.serve(since, () => {
      if (socket.readyState === socket.OPEN) leave = this.hub.add(client);
    });
  }

  /** Listens to what the client asks for; returns the way to stop what follows from it. */
  private hearWishes(socket: WebSocket, client: FeedSocket, ownJob: string | undefined): () => void {
    const wishes = new PreviewWishes(ownJob);
    let leave: (() => void) | undefined;
    const stop = (): void => {
      leave?.();
      leave = undefined;
    };
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      client.answer(wishes.hear(isBinary ? undefined : data.toString('utf8')));
      if (wishes.isEmpty) stop();
      else if (socket.readyState === socket.OPEN)
        leave ??= this.hub.showPreviews({
          wantsPreviewsOf: (jobId) => wishes.has(jobId),
          takePreview: (message) => client.takePreview(message),
        });
    });
    return stop;
  }
}
