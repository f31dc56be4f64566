// Real: PostgreSQL, NATS, the outbox relay. The clock stands still unless it is moved.
import { BusConnection, BusMetrics, OutboxRelay } from '@tower/bus';
import {
  createProjectBody,
  createProjectRequest,
  projectArchived,
  projectCreated,
  projectUpdated,
  updateProjectBody,
  type ProjectView,
} from '@tower/contracts';
import { databaseFor, Outbox } from '@tower/db';
import { createLogger, Metrics, newId, systemClock } from '@tower/kit';
import {
  createTestDatabase,
  FixedClock,
  startTestNats,
  waitFor,
  type TestDatabase,
  type TestNats,
} from '@tower/testing';
import type { DataSource } from 'typeorm';
import { projectEntities } from './projects.module';
import { ProjectsService } from './projects.service';

const logger = createLogger('test', 'silent');
let nats: TestNats;
let database: TestDatabase;
let db: DataSource;
let clock: FixedClock;
let projects: ProjectsService;

beforeAll(async () => {
  nats = await startTestNats();
});
afterAll(() => nats.close());

beforeEach(async () => {
  database = await createTestDatabase('projects');
  db = await databaseFor({
    url: database.url,
    schema: 'projects',
    service: 'projects',
    entities: projectEntities,
  }).initialize();
  clock = new FixedClock();
  projects = new ProjectsService(db, new Outbox('projects', clock), clock);
});
afterEach(async () => {
  await db.destroy();
  await database.drop();
});

const context = (idempotencyKey?: string) => ({
  correlationId: newId(),
  ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
});
const create = (name: string, key?: string): Promise<ProjectView> =>
  projects.create({ context: context(key), body: createProjectBody.parse({ name }) });
const update = (id: string, body: unknown): Promise<ProjectView> =>
  projects.update({ context: context(), id, body: updateProjectBody.parse(body) });
const eventsInOutbox = async (): Promise<{ type: string; data: object }[]> =>
  ((await db.query('select payload from outbox order by id')) as { payload: { type: string; data: object } }[]).map(
    (row) => row.payload,
  );

describe('a project', () => {
  it.each([
    ['Été à Kyōto', 'ete-a-kyoto'],
    ['Ночной поезд', 'project'],
    ['夜明けの列車 🚄', 'project'],
    ["Robert'); drop table project; --", 'robert-drop-table-project'],
    ['  spaces around  ', 'spaces-around'],
    ['n'.repeat(200), 'n'.repeat(60)],
    ['..', 'project'],
  ])('called %j keeps its name and lies in the folder %j', async (name, slug) => {
    const created = await create(name);
    expect(created).toMatchObject({ name: name.trim(), slug });
    expect(await projects.get(created.id)).toEqual(created);
  });

  it.each([
    ['nothing but spaces', '   '],
    ['a NUL', 'a\u0000b'],
    ['half a character', 'a\ud800'],
    ['more than 200 characters', 'n'.repeat(201)],
  ])('cannot be called %s', (_, name) => {
    expect(createProjectRequest.input.safeParse({ context: context(), body: { name } }).success).toBe(false);
  });

  it('gets a folder of its own although another has its name, also at the same time', async () => {
    const created = await Promise.all(Array.from({ length: 5 }, () => create('Dawn')));
    expect(created.map((project) => project.slug).sort()).toEqual(['dawn', 'dawn-2', 'dawn-3', 'dawn-4', 'dawn-5']);
  });

  it('keeps its folder when it is renamed', async () => {
    const { id, slug } = await create('Dawn');
    clock.advance(1_000);
    const renamed = await update(id, { name: 'Dusk' });
    expect(renamed).toMatchObject({ name: 'Dusk', slug, description: '' });
    expect(renamed.updated_at > renamed.created_at).toBe(true);
  });

  it('is archived once, and then no longer changed or listed', async () => {
    const { id } = await create('Dawn');
    const archived = await projects.archive({ context: context(), id });
    clock.advance(1_000);
    expect(await projects.archive({ context: context(), id })).toEqual(archived);
    await expect(update(id, { name: 'Dusk' })).rejects.toMatchObject({ kind: 'conflict', code: 'project_archived' });
    expect((await projects.list({ limit: 10, include_archived: false })).items).toEqual([]);
    expect((await projects.list({ limit: 10, include_archived: true })).items).toEqual([archived]);
    expect((await eventsInOutbox()).map((event) => event.type)).toEqual([projectCreated.type, projectArchived.type]);
  });

  it('that is not there is not found', async () => {
    const id = newId();
    for (const ask of [
      () => projects.get(id),
      () => update(id, { name: 'x' }),
      () => projects.archive({ context: context(), id }),
    ])
      await expect(ask()).rejects.toMatchObject({ kind: 'not_found', code: 'project_not_found' });
  });
});

describe('a list of projects', () => {
  it('is newest first and cut into pages without gaps or repeats', async () => {
    const created: string[] = [];
    for (let n = 0; n < 7; n++) created.unshift((await create(`p${n}`)).id);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await projects.list({
        limit: 3,
        include_archived: false,
        ...(cursor === undefined ? {} : { cursor }),
      });
      seen.push(...page.items.map((project) => project.id));
      cursor = page.next_cursor;
      // What comes in meanwhile belongs before the first page.
      await create('meanwhile');
    } while (cursor !== undefined);
    expect(seen).toEqual(created);
  });
});

describe('an idempotency key', () => {
  it('makes a repeat harmless and is refused for another request', async () => {
    const first = await create('Dawn', 'key');
    expect(await create('Dawn', 'key')).toEqual(first);
    await expect(create('Dusk', 'key')).rejects.toMatchObject({ kind: 'conflict', code: 'idempotency_key_reused' });
    expect(await eventsInOutbox()).toHaveLength(1);
  });
});

describe('the project for unfiled work', () => {
  it('is made once, however many ask first', async () => {
    const found = await Promise.all(Array.from({ length: 4 }, () => projects.getUnfiled(context())));
    expect(new Set(found.map((project) => project.id)).size).toBe(1);
    expect(found[0]).toMatchObject({ name: 'Unfiled', slug: 'unfiled', gate_policy: 'advise' });
    expect(await eventsInOutbox()).toHaveLength(1);
  });

  it.each(['before', 'after'])(
    'keeps its folder for itself when a person calls a project Unfiled %s it is made',
    async (when) => {
      const reserved = when === 'after' ? await projects.getUnfiled(context()) : undefined;
      const theirs = await create('Unfiled');
      const unfiled = reserved ?? (await projects.getUnfiled(context()));
      expect(theirs.slug).toBe('unfiled-2');
      expect(unfiled.slug).toBe('unfiled');
      expect(unfiled.id).not.toBe(theirs.id);
    },
  );

  it('cannot be archived', async () => {
    const { id } = await projects.getUnfiled(context());
    await expect(projects.archive({ context: context(), id })).rejects.toMatchObject({
      kind: 'conflict',
      code: 'project_reserved',
    });
  });
});

it('announces each change in the stream exactly once', async () => {
  const bus = await BusConnection.open(nats.url, 'test', logger);
  const relay = new OutboxRelay(db, bus, new BusMetrics(new Metrics('test')), logger, {
    databaseUrl: database.url,
    schema: 'projects',
    holder: newId(),
    clock: systemClock,
  });
  relay.start();
  try {
    const { id } = await create('Été', 'key');
    await create('Été', 'key');
    await update(id, { name: 'Herbst', gate_policy: 'advise' });
    await projects.archive({ context: context(), id });
    await waitFor(
      async () => ((await db.query('select 1 from outbox where published_at is null')) as unknown[]).length === 0,
    );

    const manager = await bus.nats.jetstreamManager();
    const { state } = await manager.streams.info('PROJECTS');
    const messages = await Promise.all(
      Array.from({ length: state.messages }, (_, n) =>
        manager.streams.getMessage('PROJECTS', { seq: state.first_seq + n }),
      ),
    );
    expect(messages.map((message) => message.subject)).toEqual(
      ['created', 'updated', 'archived'].map((what) => `evt.projects.v1.project_${what}.${id}`),
    );
    expect(projectCreated.parse(messages[0]?.json()).data).toEqual({ projectId: id, name: 'Été', slug: 'ete' });
    expect(projectUpdated.parse(messages[1]?.json()).data).toEqual({
      projectId: id,
      name: 'Herbst',
      changed: ['name', 'gatePolicy'],
    });
    expect(projectArchived.parse(messages[2]?.json()).data).toEqual({ projectId: id });
  } finally {
    await relay.stop();
    await bus.close();
  }
});
