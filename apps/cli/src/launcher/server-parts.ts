import { mkdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { versionWarning, type Passwords } from '@tower/bus';
import { findServersIn } from '@tower/kit';
import { startNatsServer, startEmbeddedPostgres, ownUid, type PostgresSettings } from '@tower/machine';
import type { User } from './own-files';
import type { Part, RunningPart } from './part';
import { canServe } from './service-user';

/**
 * After a crash PostgreSQL first writes its whole data folder to the disk: file by file that takes seconds (measured:
 * 2.4 s for a new cluster on a busy disk), as one file system a tenth of it. Only Linux can do the latter.
 */
const afterCrash: PostgresSettings = process.platform === 'linux' ? { recovery_init_sync_method: 'syncfs' } : {};

/** PostgreSQL with its data in the home. `start` settles when it answers queries. */
export function postgresPart(options: {
  dataDir: string;
  logFile: string;
  port: () => Promise<number>;
  onUrl: (url: string) => void;
}): Part {
  return {
    name: 'postgres',
    rank: 'postgres',
    version: 'embedded',
    hasHeartbeat: false,
    start: async () => {
      const server = await startEmbeddedPostgres({
        dataDir: options.dataDir,
        logFile: options.logFile,
        port: await options.port(),
        settings: afterCrash,
      });
      options.onUrl(server.url);
      return running(server, 'SIGQUIT');
    },
  };
}

interface NatsPartOptions {
  readonly bin: string;
  readonly version: string;
  readonly storeDir: string;
  readonly logFile: string;
  readonly passwords: Passwords;
  readonly port: () => Promise<number>;
  /** The services step down from root, and so does it: to a user of its own where that one can run it. */
  readonly stepDown: boolean;
  readonly onUrl: (url: string) => void;
}

export function natsPart(options: NatsPartOptions): Part {
  const { bin, version, storeDir, logFile, passwords } = options;
  const warning = versionWarning(version);
  return {
    name: 'nats',
    rank: 'nats',
    version,
    ...(warning === undefined ? {} : { warning }),
    hasHeartbeat: false,
    start: async () => {
      const user = options.stepDown ? natsUser(bin, storeDir) : undefined;
      const as = user === undefined ? {} : { user };
      const server = await startNatsServer({ bin, storeDir, logFile, passwords, port: await options.port(), ...as });
      options.onUrl(server.url);
      return running(server, 'SIGKILL');
    },
  };
}

function natsUser(bin: string, storeDir: string): User | undefined {
  mkdirSync(storeDir, { recursive: true, mode: 0o700 });
  const uid = ownUid(`${storeDir}.uid`, (pid) => findServersIn(storeDir, basename(bin)).includes(pid));
  const user = { uid, gid: uid };
  return canServe(user, bin, dirname(storeDir)) ? user : undefined;
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
