import { createConnection } from 'node:net';
import { inboxPrefixOf, type Passwords } from '@tower/bus';
import { AppError, describeError } from '@tower/kit';
import { connect, type ConnectionOptions } from 'nats';
import type { ServerProcess } from '../processes/server-process';
import { untilReady } from '../processes/until-ready';

interface Readiness {
  readonly server: ServerProcess;
  readonly serverName: string;
  readonly port: number;
  readonly token?: string;
  readonly passwords?: Passwords;
}

/** The store is read before the port opens; a week of events takes seconds on a slow disk. */
const readyTimeoutMs = 60_000;
const attemptTimeoutMs = 2_000;

/** Waits until this server (and no other on the port) answers a client, and JetStream answers through it. */
export async function waitUntilAnswering(readiness: Readiness): Promise<void> {
  const { server, port } = readiness;
  await untilReady({
    server,
    timeoutMs: readyTimeoutMs,
    attempt: () => ask(readiness),
    exitedTooSoon: () => exitedTooSoon(server, port),
    notReady: (cause) =>
      new AppError(
        'unavailable',
        'nats_not_ready',
        `nats-server on port ${port} was not ready after ${readyTimeoutMs / 1000} s: ` +
          `${describeError(cause)}\n${server.logTail()}`,
        { cause },
      ),
  });
}

async function ask({ serverName, port, token, passwords }: Readiness): Promise<void> {
  const name = await greetingName(port);
  if (name !== serverName) throw new Error(`another nats-server (${name}) answers on this port`);
  const asAdmin: ConnectionOptions =
    passwords === undefined ? {} : { user: 'admin', pass: passwords('admin'), inboxPrefix: inboxPrefixOf('admin') };
  const credentials: ConnectionOptions = token === undefined ? asAdmin : { token };
  const connection = await connect({
    servers: `127.0.0.1:${port}`,
    name: 'tower-launcher',
    timeout: attemptTimeoutMs,
    reconnect: false,
    ...credentials,
  });
  try {
    const manager = await connection.jetstreamManager({ timeout: attemptTimeoutMs });
    await manager.getAccountInfo();
  } finally {
    await connection.close();
  }
}

/**
 * The name in the line with which a nats-server greets every client. Asked for by hand, because the library never
 * closes its socket to a stranger that accepts and stays silent.
 */
async function greetingName(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: '127.0.0.1', port, timeout: attemptTimeoutMs });
    // When the server has exited meanwhile, nobody waits for the stranger's answer any more.
    socket.unref();
    let greeting = '';
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.once('error', fail);
    socket.once('timeout', () => fail(new Error('something that is no nats-server listens on this port')));
    socket.once('end', () => fail(new Error('the connection was closed before the greeting')));
    socket.on('data', (chunk: Buffer) => {
      greeting += chunk.toString('utf8');
      if (!greeting.includes('\r\n')) return;
      socket.destroy();
      resolve(/"server_name":"([^"]*)"/.exec(greeting)?.[1] ?? '');
    });
  });
}

function exitedTooSoon(server: ServerProcess, port: number): AppError {
  const log = server.logTail();
  if (/bind: address already in use/i.test(log))
    return new AppError('conflict', 'port_in_use', `port ${port} of the loopback is taken by another program`, {
      details: { port },
    });
  const { code, signal } = server.exit() ?? { code: null, signal: null };
  return new AppError(
    'internal',
    'nats_exited',
    `nats-server ended while starting (${signal ?? `exit code ${code}`}):\n${log}`,
    { details: { code, signal } },
  );
}
