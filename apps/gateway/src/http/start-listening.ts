import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { routes } from '@tower/contracts';
import type { ServiceContext } from '@tower/service';
import { GATEWAY_ENV, type GatewayEnv } from '../env';
import { FeedBroadcaster } from '../feed/feed-broadcaster';
import { FeedSockets } from '../feed/feed-sockets';
import { FeedService } from '../feed/feed.service';
import { SystemService } from '../system/system.service';
import { unboundRoutes } from './endpoint';

/** Milliseconds that requests in hand get when the process is asked to stop. */
const finishMs = 5_000;

/** Milliseconds between two rounds of forgetting old events. */
const pruneEveryMs = 60 * 60 * 1000;

/** The last step of the start: listen. The first of the stop: take nothing new, finish what is in hand. */
export async function startListening(
  app: NestFastifyApplication,
  { logger }: ServiceContext,
): Promise<() => Promise<void>> {
  const unbound = unboundRoutes(routes);
  if (unbound.length > 0) throw new Error(`these routes are promised but have no handler: ${unbound.join(', ')}`);
  const env = app.get<GatewayEnv>(GATEWAY_ENV);
  const stopListening = app.get(SystemService).listen();
  const stopHub = await app.get(FeedBroadcaster).start();
  const server: Server = app.getHttpServer();
  try {
    await app.listen({ host: env.TOWER_HOST, port: env.TOWER_PORT });
  } catch (error) {
    await stopHub();
    stopListening();
    throw error;
  }
  const closeSockets = app.get(FeedSockets).listen(server);
  const pruning = setInterval(
    () =>
      void app
        .get(FeedService)
        .prune()
        .catch((error: unknown) => logger.warn({ err: error }, 'forgetting old events')),
    pruneEveryMs,
  );
  const url = await app.getUrl();
  logger.info({ url }, `listening on ${url}`);
  if (env.TOWER_INSECURE_LISTEN === 'yes')
    logger.warn({ host: env.TOWER_HOST }, 'there are no keys: everyone who reaches this address can do everything');

  return async () => {
    clearInterval(pruning);
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    await closeSockets();
    server.closeIdleConnections();
    await Promise.race([closed, sleep(finishMs, undefined, { ref: false })]);
    server.closeAllConnections();
    await stopHub();
    stopListening();
  };
}
