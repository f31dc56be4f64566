import { randomUUID } from 'node:crypto';
import { chownSync, lstatSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Passwords } from '@tower/bus';
import { AppError, findServersIn, processIdentity } from '@tower/kit';
import { claimDirectory } from '../processes/directory-claim';
import { freePort } from '../processes/free-port';
import { giveTo } from '../processes/give-to';
import { startServerProcess, type ServerExit, type ServerProcess } from '../processes/server-process';
import { stopProcess, type StopStep } from '../processes/stop-process';
import { toNatsConfig } from './nats-config';
import { waitUntilAnswering } from './nats-readiness';

export interface EmbeddedNatsOptions {
  /** From `findNatsServer`. */
  readonly bin: string;
  readonly storeDir: string;
  /** A free one when left out. */
  readonly port?: number;
  /** `<storeDir>.log` when left out. */
  readonly logFile?: string;
  /** Where the generated configuration is written; `<storeDir>.conf` when left out. */
  readonly configFile?: string;
  /** Asked of every client; without it and without passwords any program of this machine may connect. */
  readonly token?: string;
  /** Of Tower's users: each is let in with its own rights, and nobody else. Instead of a token. */
  readonly passwords?: Passwords;
  readonly monitorPort?: number;
  /** As whom it runs, for root; store and configuration become this user's. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Bytes that streams may reserve; far more than ours do when left out. */
  readonly maxFileStore?: number;
}

export interface EmbeddedNats {
  readonly url: string;
  readonly port: number;
  readonly monitorPort?: number;
  readonly pid: number;
  /** Settles when the server ends, wanted or not. */
  readonly exited: Promise<ServerExit>;
  stop(): Promise<void>;
}

const stopSteps: readonly [StopStep, ...StopStep[]] = [
  { signal: 'SIGTERM', waitMs: 10_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
];

/** Losing the race for a free port more often than this means something else is wrong. */
const maxPortAttempts = 5;

/**
 * nats-server with JetStream as a child of this process, on the loopback only. Takes over from an earlier launcher
 * that was killed; refuses while that one lives.
 */
export async function startNatsServer(options: EmbeddedNatsOptions): Promise<EmbeddedNats> {
  mkdirSync(resolve(options.storeDir), { recursive: true, mode: 0o700 });
  // Two spellings of one folder must not look like two servers.
  const storeDir = realpathSync(options.storeDir);
  const claim = await claimDirectory(storeDir);
  try {
    await stopOrphans(storeDir, options.bin);
    const { server, port } =
      options.port === undefined
        ? await startOnFreePort(options, storeDir)
        : { server: await startServer(options, storeDir, options.port), port: options.port };
    void server.exited.then(() => claim.release());
    return {
      url: `nats://127.0.0.1:${port}`,
      port,
      ...(options.monitorPort === undefined ? {} : { monitorPort: options.monitorPort }),
      pid: server.pid,
      exited: server.exited,
      stop: () => server.stop(),
    };
  } catch (error) {
    claim.release();
    throw error;
  }
}

async function startServer(options: EmbeddedNatsOptions, storeDir: string, port: number): Promise<ServerProcess> {
  const configFile = resolve(options.configFile ?? `${storeDir}.conf`);
  // A name nobody else has: it tells our server from another one that got the port first.
  const serverName = `tower-${randomUUID()}`;
  const { token, passwords, monitorPort, maxFileStore } = options;
  const guards = { ...(token === undefined ? {} : { token }), ...(passwords === undefined ? {} : { passwords }) };
  // Removed first, because the mode applies to new files only.
  rmSync(configFile, { force: true });
  writeFileSync(
    configFile,
    toNatsConfig({
      serverName,
      port,
      storeDir,
      ...guards,
      ...(monitorPort === undefined ? {} : { monitorPort }),
      ...(maxFileStore === undefined ? {} : { maxFileStore }),
    }),
    { mode: 0o600 },
  );
  const owner = options.user ?? rootAgain(storeDir);
  if (owner !== undefined) {
    giveTo(owner.uid, storeDir);
    chownSync(configFile, owner.uid, owner.gid);
  }
  const server = await startServerProcess({
    name: 'nats-server',
    ...options.user,
    argv: [options.bin, '--config', configFile],
    cwd: storeDir,
    env: { PATH: process.env['PATH'], SystemRoot: process.env['SystemRoot'] },
    logFile: options.logFile ?? `${storeDir}.log`,
    stop: stopSteps,
  });
  try {
    await waitUntilAnswering({ server, serverName, port, ...guards });
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/**
 * A store that was somebody's is root's again when nobody is named: it would not be given back later, where root made
 * new files.
 */
const rootAgain = (storeDir: string): { uid: number; gid: number } | undefined =>
  process.getuid?.() === 0 && lstatSync(storeDir).uid !== 0 ? { uid: 0, gid: 0 } : undefined;

async function startOnFreePort(
  options: EmbeddedNatsOptions,
  storeDir: string,
): Promise<{ server: ServerProcess; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    try {
      return { server: await startServer(options, storeDir, port), port };
    } catch (error) {
      const isTaken = error instanceof AppError && error.code === 'port_in_use';
      if (!isTaken || attempt === maxPortAttempts) throw error;
      await delay(attempt * 10);
    }
  }
}

/** Two servers on one store would write over each other: nats-server itself does not lock it. */
async function stopOrphans(storeDir: string, bin: string): Promise<void> {
  const names = new Set(['nats-server', basename(bin)]);
  for (const pid of [...names].flatMap((name) => findServersIn(storeDir, name))) {
    const isGone = await stopProcess(pid, stopSteps, () => processIdentity(pid) === undefined);
    if (!isGone)
      throw new AppError(
        'conflict',
        'nats_orphan_not_stopped',
        `the nats-server of an earlier start still works in ${storeDir}: ${pid}`,
        { details: { storeDir, pid } },
      );
  }
}
