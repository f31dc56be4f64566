import { setTimeout as sleep } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { routes } from '@tower/contracts';
import type { ServiceContext } from '@tower/kit';
import { GATEWAY_ENV, type GatewayEnv } from './env';
import { unboundRoutes } from './http/endpoint';
import { SystemService } from './system/system.service';

/** Milliseconds that requests in hand get when the process is asked to stop. */
const finishMs = 5_000;

/** The last step of the start: listen. The first of the stop: take nothing new, finish what is in hand. */
export async function openDoor(app: NestFastifyApplication, { logger }: ServiceContext): Promise<() => Promise<void>> {
  const unbound = unboundRoutes(routes);
  if (unbound.length > 0) throw new Error(`these routes are promised but have no handler: ${unbound.join(', ')}`);
  const env = app.get<GatewayEnv>(GATEWAY_ENV);
  const stopListening = app.get(SystemService).listen();
  await app.listen({ host: env.TOWER_HOST, port: env.TOWER_PORT });
  const url = await app.getUrl();
  logger.info({ url }, `listening on ${url}`);
  if (env.TOWER_INSECURE_LISTEN === 'yes') logger.warn({ host: env.TOWER_HOST }, 'there are no keys: everyone who reaches this address can do everything');

  return async () => {
    const server = app.getHttpServer();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    await Promise.race([closed, sleep(finishMs, undefined, { ref: false })]);
    server.closeAllConnections();
    stopListening();
  };
}
