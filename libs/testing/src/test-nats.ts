import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startNatsServer, signalIfAlive, type EmbeddedNats, type EmbeddedNatsOptions } from '@tower/machine';
import { getFromSetup } from './run-environment';

/** What a spec may ask of its server beside a store and a port; left out, anybody may connect. */
export type TestNatsSettings = Omit<EmbeddedNatsOptions, 'bin' | 'storeDir' | 'port'>;

/** A NATS server of one spec file, on a port that it keeps through restarts. */
export interface TestNats {
  readonly url: string;
  readonly port: number;
  readonly storeDir: string;
  /** After `stop` or `kill`; what is in the store is served again, under other settings when they are given. */
  start(settings?: TestNatsSettings): Promise<void>;
  stop(): Promise<void>;
  /** kill -9, and nothing is flushed that was not flushed before. Of one that does not run: nothing. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** Stops it for good and removes the store. */
  close(): Promise<void>;
}

export async function startTestNats(settings: TestNatsSettings = {}): Promise<TestNats> {
  const bin = getFromSetup('natsBin');
  const folder = mkdtempSync(join(getFromSetup('folder'), 'nats-'));
  const storeDir = join(folder, 'store');
  let server: EmbeddedNats = await startNatsServer({ bin, storeDir, ...settings });
  const { url, port } = server;

  const start = async (changed = settings): Promise<void> => {
    server = await startNatsServer({ bin, storeDir, port, ...changed });
  };
  const stop = (): Promise<void> => server.stop();
  const kill = async (): Promise<void> => {
    signalIfAlive(server.pid, 'SIGKILL');
    await server.exited;
  };
  return {
    url,
    port,
    storeDir,
    start,
    stop,
    kill,
    restart: async () => {
      await stop();
      await start();
    },
    close: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
