import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describeError } from './errors';
import type { Health } from './health';
import type { Logger } from './logger';
import type { Metrics } from './metrics';

interface OpsServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * `/metrics`, `/health/live`, `/health/ready`: for Prometheus and supervisors, never public. Up before anything else
 * is.
 */
export async function startOpsServer(options: {
  host: string;
  port: number;
  health: Health;
  metrics: Metrics;
  logger: Logger;
}): Promise<OpsServer> {
  const server: Server = createServer((request, response) => {
    void answer(request.url ?? '/').then(
      ({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body),
      (error: unknown) => {
        options.logger.error({ err: error }, 'answering an operations request');
        response.writeHead(500, { 'content-type': 'text/plain' }).end(describeError(error));
      },
    );
  });

  async function answer(url: string): Promise<{ status: number; type: string; body: string }> {
    switch (url.split('?')[0]) {
      case '/metrics':
        return {
          status: 200,
          type: options.metrics.registry.contentType,
          body: await options.metrics.registry.metrics(),
        };
      case '/health/live':
        return { status: 200, type: 'application/json', body: JSON.stringify({ status: 'ok' }) };
      case '/health/ready': {
        const report = await options.health.report();
        return { status: report.state === 'ready' ? 200 : 503, type: 'application/json', body: JSON.stringify(report) };
      }
      default:
        return { status: 404, type: 'text/plain', body: 'only /metrics, /health/live and /health/ready are here' };
    }
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
