import { parseEnv, systemClock } from '@tower/kit';
import { hostService } from '@tower/service';
import 'reflect-metadata';
import { allowedHosts, gatewayEnv } from './env';
import { HttpMetrics } from './gateway.metrics';
import { gatewayEntities, GatewayModule } from './gateway.module';
import { createHttpAdapter } from './http/adapter';
import { startListening } from './http/start-listening';

void hostService('gateway', {
  module: GatewayModule,
  entities: gatewayEntities,
  httpAdapter: ({ logger, metrics }) => {
    const env = parseEnv(gatewayEnv);
    const limits = { allowedHosts: allowedHosts(env), requestsPerSecond: env.TOWER_RATE_LIMIT };
    return createHttpAdapter({ logger, metrics: new HttpMetrics(metrics), ...limits, clock: systemClock });
  },
  run: startListening,
});
