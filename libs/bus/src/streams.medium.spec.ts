// Real: nats-server and its store, also on a small file system of its own where we may mount one.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attemptJudged } from '@tower/contracts';
import { newId } from '@tower/kit';
import { startNatsServer } from '@tower/machine';
import {
  mayMount,
  mountSmallDisk,
  startTestNats,
  type SmallDisk,
  type TestNats,
  type TestNatsSettings,
} from '@tower/testing';
import { connect, StorageType, type JetStreamManager, type NatsConnection } from 'nats';
import { allStreams, bytesOfAllStreams, ensureStreams } from './streams';

const mebibyte = 1024 ** 2;

/** As an earlier release made them: 1 GiB for each owner's events, and nothing denied. */
const ofAnEarlierRelease = allStreams().map(({ deny_delete: _, deny_purge: __, ...stream }) => ({
  ...stream,
  max_bytes: (stream.name === 'DEAD_LETTERS' ? 64 : stream.name.startsWith('CMD_') ? 256 : 1024) * mebibyte,
}));

let nats: TestNats | undefined;
let connection: NatsConnection | undefined;

async function openServer(settings: TestNatsSettings = {}): Promise<JetStreamManager> {
  nats = await startTestNats(settings);
  return openManager(nats.url);
}

async function openManager(url: string): Promise<JetStreamManager> {
  connection = await connect({ servers: url, reconnect: false });
  return connection.jetstreamManager();
}

afterEach(async () => {
  await connection?.close();
  await nats?.close();
  [connection, nats] = [undefined, undefined];
});

const settingsOf = async (manager: JetStreamManager): Promise<unknown[]> =>
  (await manager.streams.list().next())
    .map(({ config: { name, max_bytes, deny_delete, deny_purge } }) => ({ name, max_bytes, deny_delete, deny_purge }))
    .sort((a, b) => a.name.localeCompare(b.name));
const wanted = allStreams()
  .map(({ name, max_bytes }) => ({ name, max_bytes, deny_delete: true, deny_purge: true }))
  .sort((a, b) => a.name.localeCompare(b.name));

describe('the streams', () => {
  it('take between 64 and 256 MiB each, less than 1 GiB in all', () => {
    for (const { max_bytes: bytes } of allStreams())
      expect([bytes >= 64 * mebibyte, bytes <= 256 * mebibyte]).toEqual([true, true]);
    expect(bytesOfAllStreams()).toBeLessThan(1024 * mebibyte);
  });

  it('are made once, and left alone when they are as wanted', async () => {
    const manager = await openServer();
    expect(await ensureStreams(manager)).toEqual([]);
    const made = (await manager.streams.list().next()).map((info) => info.created);
    expect(await ensureStreams(manager)).toEqual([]);
    expect((await manager.streams.list().next()).map((info) => info.created)).toEqual(made);
    expect(await settingsOf(manager)).toEqual(wanted);
  });

  it('of an earlier release are found again, shrunk and guarded, with their messages', async () => {
    let manager = await openServer();
    for (const stream of ofAnEarlierRelease) await manager.streams.add(stream);
    await connection?.jetstream().publish(attemptJudged.filter.replace('*', newId()), 'kept');
    await connection?.close();
    await nats?.restart();
    manager = await openManager(nats?.url ?? '');
    expect(await manager.streams.names().next()).toHaveLength(allStreams().length);
    expect(await ensureStreams(manager)).toEqual([]);
    expect(await settingsOf(manager)).toEqual(wanted);
    expect((await manager.streams.getMessage('QUALITY', { seq: 1 })).string()).toBe('kept');
    await expect(manager.streams.purge('QUALITY')).rejects.toThrow('not permitted');
    await expect(manager.streams.deleteMessage('QUALITY', 1)).rejects.toThrow('not permitted');
  });

  it('that cannot be changed are used as they are, and the others are made', async () => {
    const manager = await openServer();
    const [first] = allStreams();
    await manager.streams.add({ ...first, name: first?.name ?? '', storage: StorageType.Memory });
    expect(await ensureStreams(manager)).toEqual([
      expect.stringMatching(new RegExp(`^stream ${first?.name} stays as it is: .*storage type`)),
    ]);
    expect(await manager.streams.names().next()).toHaveLength(allStreams().length);
  });

  it('that have no room say which, how much, and what to do', async () => {
    const manager = await openServer({ maxFileStore: 100 * mebibyte });
    await expect(ensureStreams(manager)).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'stream_not_made',
      message: expect.stringMatching(/no room for the stream \w+ \(\d+ MiB\).*max_file_store.*restart/),
    });
  });
});

describe('on a small disk', () => {
  const onSmallDisk = mayMount() ? it : it.skip;
  let folder: string;
  let disk: SmallDisk | undefined;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tower-small-disk-'));
    disk = mountSmallDisk(folder, '64m');
  });
  afterAll(() => {
    disk?.unmount();
    rmSync(folder, { recursive: true, force: true });
  });

  onSmallDisk(
    'of 64 MB all streams are made, found again after a restart, and take messages (skipped where we may not mount)',
    async () => {
      const bin = process.env['TOWER_TEST_NATS_BIN'] ?? '';
      const storeDir = join(folder, 'store');
      let server = await startNatsServer({ bin, storeDir });
      try {
        expect(await ensureStreams(await openManager(server.url))).toEqual([]);
        await connection?.close();
        await server.stop();
        server = await startNatsServer({ bin, storeDir });
        const manager = await openManager(server.url);
        expect(await settingsOf(manager)).toEqual(wanted);
        expect(await connection?.jetstream().publish(attemptJudged.filter.replace('*', newId()), 'x')).toMatchObject({
          stream: 'QUALITY',
          seq: 1,
        });
      } finally {
        await connection?.close();
        await server.stop();
      }
    },
  );
});
