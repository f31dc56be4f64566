import { join } from 'node:path';
import { parseGpuList } from '@tower/comfyui';
import { gpuConfig } from '@tower/contracts';
import { databaseFor } from '@tower/db';
import { repositoryRoot } from '@tower/kit';
import { createTestDatabase, FixedClock, Plans, type TestDatabase } from '@tower/testing';
import type { DataSource } from 'typeorm';
import { schedulerLease } from '../leadership';
import { configuredGpus } from '../planning/queue.queries';
import type { CardDriver } from './card-driver';
import { CardRegistry } from './card-registry';
import { nothingSeen } from './card-snapshot';
import { Gpu, type GpuInventory } from './card.entity';
import { healthy } from './health/health-policy';

/** Real here: PostgreSQL. The card is what the spec says. */

let database: TestDatabase;
let db: DataSource;
let registry: CardRegistry;
let plans: Plans;
const clock = new FixedClock();
const config = gpuConfig.parse({ name: 'rtx3060', url: 'http://127.0.0.1:1' });
const inventory: GpuInventory = {
  comfyuiVersion: '0.3.64',
  pytorchVersion: null,
  device: null,
  deviceType: null,
  simulated: true,
  vramMb: 12_288,
  vramFreeMb: 12_000,
  ramMb: 64_000,
  ramFreeMb: 32_000,
  checkpoints: ['a.safetensors'],
  samplers: [],
  schedulers: [],
  nodes: Array.from({ length: 2_000 }, (_, n) => `Node${n}`),
};

beforeAll(async () => {
  database = await createTestDatabase('rendering');
  db = await databaseFor({
    url: database.url,
    schema: 'rendering',
    service: 'rendering',
    entities: [Gpu],
  }).initialize();
  await db.query(
    `insert into lease (name, holder, fence, until, backend_pid, backend_start) values ($1, 'me', 1,
      now() + interval '1 day', 1, now())`,
    [schedulerLease],
  );
  registry = new CardRegistry(db, clock);
  await registry.configure('1', [config]);
});
afterAll(async () => {
  await db.destroy();
  await database.drop();
});

const note = (seen: GpuInventory): Promise<void> => {
  clock.advance(5_000);
  plans = Plans.watch(db);
  return registry.note(
    '1',
    {
      name: config.name,
      snapshot: { ...nothingSeen, state: 'idle', inventory: seen },
      restarts: { restarts: 0 },
    } as CardDriver,
    healthy,
  );
};
const writesInventory = (): boolean =>
  plans.statements.some((statement) => /^update "rendering"\."gpu".*"inventory" = /i.test(statement));
const readsInventory = (): boolean => plans.statements.some((statement) => /"inventory" AS/i.test(statement));

it('what a server has is written when it changes, not when memory becomes free', async () => {
  await note(inventory);
  expect(writesInventory()).toBe(true);
  await note({ ...inventory, vramFreeMb: 3_000, ramFreeMb: 1 });
  expect(plans.statements.some((statement) => /^update/i.test(statement))).toBe(true);
  expect(writesInventory()).toBe(false);
  expect(await configuredGpus(db.manager)).toMatchObject([
    { vramFreeMb: 3_000, inventory: { nodes: inventory.nodes, vramFreeMb: null } },
  ]);
  await note({ ...inventory, checkpoints: ['a.safetensors', 'b.safetensors'] });
  expect(writesInventory()).toBe(true);
});

it('what a server has is read once, until it changes', async () => {
  await note(inventory);
  const [first] = await configuredGpus(db.manager);
  plans = Plans.watch(db);
  const [again] = await configuredGpus(db.manager);
  expect(readsInventory()).toBe(false);
  expect(again?.inventory).toBe(first?.inventory);
  await note({ ...inventory, checkpoints: [] });
  expect(await configuredGpus(db.manager)).toMatchObject([{ inventory: { checkpoints: [] } }]);
});

it('what was stored before there were digests is read as it is', async () => {
  await db.query(
    `update gpu set inventory_sha256 = null, inventory = inventory || '{"checkpoints": ["old.safetensors"]}'`,
  );
  expect(await configuredGpus(db.manager)).toMatchObject([{ inventory: { checkpoints: ['old.safetensors'] } }]);
});

it('stores nothing of a login, neither as secret nor out of an address', async () => {
  const cards = parseGpuList(
    [
      { name: 'a', url: 'http://user:hush-hush@127.0.0.1:1/comfy' },
      { name: 'b', url: 'http://127.0.0.1:2', auth: { header: { name: 'X-Key', env: 'KEY' } } },
    ],
    'spec',
    { folder: '/', env: { KEY: 'hush-hush' } },
  );
  await registry.configure('1', cards);
  const rows: { row: string; config: unknown }[] = await db.query(
    'select gpu::text as row, config from gpu order by name',
  );
  expect(rows.map(({ config: stored }) => stored).slice(0, 2)).toMatchObject([
    { url: 'http://127.0.0.1:1/comfy' },
    { auth: { header: { name: 'X-Key', env: 'KEY' } } },
  ]);
  expect(JSON.stringify(rows)).not.toMatch(/hush|access/);
});

it('takes secrets out of the addresses that earlier versions stored', async () => {
  const store = (url: string): Promise<unknown> =>
    db.query(`update gpu set config = jsonb_set(config, '{url}', to_jsonb($1::text)), detail = $1 where name = 'a'`, [
      url,
    ]);
  const file = join(repositoryRoot, 'migrations', 'dist', 'rendering', '1764267180000-addresses-without-secrets.js');
  const { AddressesWithoutSecrets1764267180000: Migration } = (await import(file)) as {
    AddressesWithoutSecrets1764267180000: new () => { up(runner: object): Promise<void> };
  };
  for (const [before, after] of [
    ['http://user:hu@sh@h:1/', 'http://h:1'],
    ['https://h/comfy/?token=hush', 'https://h/comfy'],
    ['https://h/comfy#hush', 'https://h/comfy'],
    ['https://h/@scope/comfy', 'https://h/@scope/comfy'],
  ] as const) {
    await store(before);
    await new Migration().up(db.createQueryRunner());
    const [row] = await db.query<{ url: string; detail: string }[]>(
      `select config->>'url' as url, detail from gpu where name = 'a'`,
    );
    expect(row?.url).toBe(after);
    expect(row?.detail).toBe(before === after ? before : 'not asked yet');
  }
});
