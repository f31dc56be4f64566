// Real: PostgreSQL.
import { createTestDatabase, type TestDatabase } from '@tower/testing';
import type { DataSource, EntityManager } from 'typeorm';
import { databaseFor } from './database';
import { canonicalJson, earlierAnswer, onceByKey, onceByKeyTogether } from './idempotency';
import { together } from './together';

let database: TestDatabase;
let db: DataSource;

beforeEach(async () => {
  database = await createTestDatabase('projects');
  db = await databaseFor({ url: database.url, schema: 'projects', service: 'projects' }).initialize();
});

afterEach(async () => {
  await db.destroy();
  await database.drop();
});

/** A create that counts how often it really ran. */
function aCreate() {
  let runs = 0;
  const create = (
    key: string | undefined,
    request: unknown,
    during: (tx: EntityManager) => Promise<unknown> = () => Promise.resolve(),
  ) =>
    db.transaction((tx) =>
      onceByKey(tx, 'create_thing', key, request, async () => {
        await during(tx);
        return { n: ++runs, name: 'Żółć 花' };
      }),
    );
  return { create, runs: () => runs };
}

describe('onceByKey', () => {
  it('gives a repeat the first answer', async () => {
    const { create } = aCreate();
    const first = await create('key', { a: 1, b: [1, 2] });
    expect(await create('key', { b: [1, 2], a: 1 })).toEqual(first);
  });

  it('refuses the key for another request', async () => {
    const { create, runs } = aCreate();
    await create('key', { a: 1 });
    await expect(create('key', { a: 2 })).rejects.toMatchObject({ kind: 'conflict', code: 'idempotency_key_reused' });
    expect(runs()).toBe(1);
  });

  it('runs every time without a key', async () => {
    const { create, runs } = aCreate();
    await create(undefined, { a: 1 });
    await create(undefined, { a: 1 });
    expect(runs()).toBe(2);
  });

  it('runs once when repeats come at the same time', async () => {
    const { create, runs } = aCreate();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => create('key', { a: 1 }, (tx) => tx.query('select pg_sleep(0.05)'))),
    );
    expect(runs()).toBe(1);
    expect(new Set(answers.map((answer) => answer.n))).toEqual(new Set([1]));
  });

  it('leaves the key free when the first try failed', async () => {
    const { create } = aCreate();
    await expect(create('key', { a: 1 }, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await create('key', { a: 1 })).toMatchObject({ n: 1 });
  });

  it('lets a waiting repeat do the work when the first try fails', async () => {
    const { create, runs } = aCreate();
    let began: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => (began = resolve));
    const failing = create('key', { a: 1 }, async (tx) => {
      began();
      await tx.query('select pg_sleep(0.2)');
      throw new Error('no');
    });
    await begun;
    const [outcome, answer] = await Promise.all([
      failing.catch((error: Error) => error.message),
      create('key', { a: 1 }),
    ]);
    expect(outcome).toBe('no');
    expect(answer).toMatchObject({ n: 1 });
    expect(runs()).toBe(1);
  });
});

describe('onceByKeyTogether', () => {
  const once = (key: string | undefined, request: unknown, n: number, note = 'true') =>
    onceByKeyTogether(db.manager, { scope: 'create_thing', key, request }, { n }, async (claim) => {
      const noted = { sql: `insert into thing (n) select $1::int from pg_sleep(0.05) where ${note}`, parameters: [n] };
      await together(db.manager, { ...claim, noted }, 'select');
    });
  const things = async (): Promise<number[]> =>
    ((await db.query('select n from thing order by n')) as { n: number }[]).map(({ n }) => n);

  beforeEach(() => db.query('create table thing (n int)'));

  it('gives repeats the first answer, also those that come at the same time', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map((n) => once('key', { a: 1 }, n)));
    answers.push(await once('key', { a: 1 }, 5));
    expect(new Set(answers.map(({ n }) => n)).size).toBe(1);
    expect(await things()).toEqual([answers[0]?.n]);
  });

  it('refuses the key for another request', async () => {
    await once('key', { a: 1 }, 1);
    const refused = { kind: 'conflict', code: 'idempotency_key_reused' };
    await expect(once('key', { a: 2 }, 2)).rejects.toMatchObject(refused);
    expect(await things()).toEqual([1]);
  });

  it('runs every time without a key', async () => {
    await once(undefined, { a: 1 }, 1);
    await once(undefined, { a: 1 }, 2);
    expect(await things()).toEqual([1, 2]);
  });

  it('leaves the key free when the first try failed, and lets a waiting repeat do the work', async () => {
    const [failed, repeat] = await Promise.allSettled([
      once('key', { a: 1 }, 1, "1 / (select case when clock_timestamp() > 'epoch' then 0 else 1 end) > 0"),
      once('key', { a: 1 }, 2),
    ]);
    expect(failed).toMatchObject({ reason: { driverError: { code: '22012' } } });
    expect(repeat).toMatchObject({ value: { n: 2 } });
    expect(await things()).toEqual([2]);
  });
});

describe('earlierAnswer', () => {
  it('finds nothing before, the answer after, and refuses another request', async () => {
    const { create } = aCreate();
    expect(await earlierAnswer(db.manager, 'create_thing', 'key', { a: 1 })).toBeUndefined();
    const answer = await create('key', { a: 1 });
    expect(await earlierAnswer(db.manager, 'create_thing', 'key', { a: 1 })).toEqual(answer);
    expect(await earlierAnswer(db.manager, 'other_scope', 'key', { a: 1 })).toBeUndefined();
    expect(await earlierAnswer(db.manager, 'create_thing', undefined, { a: 1 })).toBeUndefined();
    await expect(earlierAnswer(db.manager, 'create_thing', 'key', { a: 2 })).rejects.toMatchObject({
      code: 'idempotency_key_reused',
    });
  });
});

describe('canonicalJson', () => {
  it('does not see the order of keys nor absent fields, and sees everything else', () => {
    expect(canonicalJson({ b: 1, a: { d: [1, 'é'], c: undefined } })).toBe('{"a":{"d":[1,"é"]},"b":1}');
    expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]));
    expect(canonicalJson(null)).toBe('null');
    expect(canonicalJson({ a: '1' })).not.toBe(canonicalJson({ a: 1 }));
  });
});
