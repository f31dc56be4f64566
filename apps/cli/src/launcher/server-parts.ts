import { startNatsServer } from '@tower/bus';
import { startEmbeddedPostgres, type PostgresSettings } from '@tower/db';
import type { Part, RunningPart } from './part';

/**
 * After a crash PostgreSQL first writes its whole data folder to the disk: file by file that takes seconds (measured: 2.4 s for a new
 * cluster on a busy disk), as one file system a tenth of it. Only Linux can do the latter.
 */
const afterCrash: PostgresSettings = process.platform === 'linux' ? { recovery_init_sync_method: 'syncfs' } : {};

/** PostgreSQL with its data in the home. `start` settles when it answers queries. */
export function postgresPart(options: { dataDir: string; logFile: string; port: () => Promise<number>; onUrl: (url: string) => void }): Part {
  return {
    name: 'postgres',
    rank: 'postgres',
    version: 'embedded',
    hasHeartbeat: false,
    start: async () => {
      const server = await startEmbeddedPostgres({ dataDir: options.dataDir, logFile: options.logFile, port: await options.port(), settings: afterCrash });
      options.onUrl(server.url);
      return running(server, 'SIGQUIT');
    },
  };
}

export function natsPart(options: { bin: string; version: string; storeDir: string; logFile: string; port: () => Promise<number>; onUrl: (url: string) => void }): Part {
  return {
    name: 'nats',
    rank: 'nats',
    version: options.version,
    hasHeartbeat: false,
    start: async () => {
      const server = await startNatsServer({ bin: options.bin, storeDir: options.storeDir, logFile: options.logFile, port: await options.port() });
      options.onUrl(server.url);
      return running(server, 'SIGKILL');
    },
  };
}

interface Server {
  readonly pid: number;
  readonly exited: RunningPart['exited'];
  stop(): Promise<void>;
}

/** `atOnce`: PostgreSQL cleans its shared memory up on SIGQUIT, and leaves the rest to recovery. */
function running(server: Server, atOnce: NodeJS.Signals): RunningPart {
  let isGone = false;
  void server.exited.then(() => (isGone = true));
  return {
    pid: server.pid,
    ready: Promise.resolve(),
    exited: server.exited,
    stop: () => server.stop(),
    kill: () => {
      if (!isGone) process.kill(server.pid, atOnce);
    },
  };
}
