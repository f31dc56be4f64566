import { Module } from '@nestjs/common';
import { RequestClient } from '@tower/bus';
import { getRenderingStatusRequest } from '@tower/contracts';
import { Health, LOGGER, parseEnv, type Logger } from '@tower/kit';
import { EchoBridgeMetrics } from './echo-bridge.metrics';
import { EchoClient } from './echo.client';
import { echoBridgeEnv } from './env';
import { Registration } from './registration';

@Module({
  providers: [
    EchoBridgeMetrics,
    {
      provide: Registration,
      inject: [RequestClient, EchoBridgeMetrics, Health, LOGGER],
      useFactory: (requests: RequestClient, metrics: EchoBridgeMetrics, health: Health, logger: Logger) => {
        const env = parseEnv(echoBridgeEnv);
        const renderingStatus = () => requests.ask(getRenderingStatusRequest, {});
        const registration = new Registration(
          new EchoClient(env.ECHO_URL),
          { id: env.ECHO_WORKER_ID, callbackUrl: env.ECHO_CALLBACK_URL },
          renderingStatus,
          metrics,
          logger,
        );
        health.register('echo', () => registration.health());
        return registration;
      },
    },
  ],
})
export class EchoBridgeModule {}
