// Real: PostgreSQL. Faked: the projects service, by a function that stands for the question to it.
import type { RequestClient } from '@tower/bus';
import {
  characterArchived,
  characterCreated,
  characterUpdated,
  createCharacterBody,
  projectArchived,
  updateCharacterBody,
  type CharacterView,
  type EventOf,
  type ProjectView,
} from '@tower/contracts';
import { databaseFor, Outbox } from '@tower/db';
import { AppError, newId, notFound } from '@tower/kit';
import { createTestDatabase, FixedClock, waitFor, type TestDatabase } from '@tower/testing';
import type { DataSource } from 'typeorm';
import { characterEntities } from './characters.module';
import { CharactersService } from './characters.service';

let database: TestDatabase;
let db: DataSource;
let clock: FixedClock;
let characters: CharactersService;
/** What `projects` says; the questions it was asked are counted. */
let answer: (id: string) => Promise<ProjectView>;
let asked: number;

const projectId = newId();
const aProject = (id: string, archivedAt: string | null = null): ProjectView => ({
  id,
  name: 'Été',
  slug: 'ete',
  description: '',
  gate_policy: 'advise',
  created_at: '2026-01-01T00:00:00.000Z',
  updated_at: '2026-01-01T00:00:00.000Z',
  archived_at: archivedAt,
});

beforeEach(async () => {
  database = await createTestDatabase('characters');
  db = await databaseFor({
    url: database.url,
    schema: 'characters',
    service: 'characters',
    entities: characterEntities,
  }).initialize();
  clock = new FixedClock();
  asked = 0;
  answer = (id) => Promise.resolve(aProject(id));
  const requests = {
    ask: (_: unknown, { id }: { id: string }) => {
      asked += 1;
      return answer(id);
    },
  } as unknown as RequestClient;
  characters = new CharactersService(db, new Outbox('characters', clock), requests, clock, db);
});
afterEach(async () => {
  await db.destroy();
  await database.drop();
});

const context = (idempotencyKey?: string) => ({
  correlationId: newId(),
  ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
});
const create = (body: object = {}, key?: string, project = projectId): Promise<CharacterView> =>
  characters.create({
    context: context(key),
    project_id: project,
    body: createCharacterBody.parse({ name: 'Аня 花', ...body }),
  });
const archivedEvent = (project = projectId): EventOf<typeof projectArchived> => ({
  id: newId(),
  type: projectArchived.type,
  time: clock.now().toISOString(),
  source: 'projects',
  correlationId: newId(),
  data: { projectId: project },
});
const events = async (): Promise<{ type: string; data: object; correlationId: string; causationId?: string }[]> =>
  (
    (await db.query('select payload from outbox order by id')) as {
      payload: { type: string; data: object; correlationId: string };
    }[]
  ).map((row) => row.payload);

describe('a character', () => {
  it('is kept and announced as it was described', async () => {
    const created = await create({
      base_prompt: 'girl, "red" scarf\n夜',
      negative_tokens: ['hat', "it's", 'a,b', '{}', 'null'],
    });
    expect(created).toMatchObject({
      name: 'Аня 花',
      base_prompt: 'girl, "red" scarf\n夜',
      negative_tokens: ['hat', "it's", 'a,b', '{}', 'null'],
      archived_at: null,
    });
    expect(await characters.get(created.id)).toEqual(created);
    expect(await events()).toMatchObject([
      { type: characterCreated.type, data: { characterId: created.id, projectId, name: 'Аня 花' } },
    ]);
  });

  it('joins no project that is not there, archived or cannot be asked', async () => {
    answer = (id) => Promise.reject(notFound('project', id));
    await expect(create()).rejects.toMatchObject({ kind: 'not_found', code: 'project_not_found' });
    answer = (id) => Promise.resolve(aProject(id, '2026-01-01T00:00:00.000Z'));
    await expect(create()).rejects.toMatchObject({ kind: 'conflict', code: 'project_archived' });
    answer = () => Promise.reject(new AppError('unavailable', 'projects_unavailable', 'no answer'));
    await expect(create()).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await events()).toEqual([]);
  });

  it('gets its first answer again under the same key, although its project was archived since', async () => {
    const first = await create({}, 'key');
    answer = (id) => Promise.resolve(aProject(id, '2026-01-01T00:00:00.000Z'));
    expect(await create({}, 'key')).toEqual(first);
    expect(asked).toBe(1);
    await expect(create({ name: 'another' }, 'key')).rejects.toMatchObject({ code: 'idempotency_key_reused' });
    await expect(create({}, 'key', newId())).rejects.toMatchObject({ code: 'idempotency_key_reused' });
    expect(await events()).toHaveLength(1);
  });

  it('is changed field by field, and says which', async () => {
    const { id, created_at } = await create({ base_prompt: 'old', negative_tokens: ['hat'] });
    clock.advance(1_000);
    const updated = await characters.update({
      context: context(),
      id,
      body: updateCharacterBody.parse({ negative_tokens: [] }),
    });
    expect(updated).toMatchObject({ base_prompt: 'old', negative_tokens: [], created_at });
    expect(updated.updated_at > created_at).toBe(true);
    expect((await events())[1]).toMatchObject({
      type: characterUpdated.type,
      data: { characterId: id, changed: ['negativeTokens'] },
    });
  });

  it('is archived once, and then no longer changed or listed', async () => {
    const { id } = await create();
    const archived = await characters.archive({ context: context(), id });
    clock.advance(1_000);
    expect(await characters.archive({ context: context(), id })).toEqual(archived);
    await expect(characters.update({ context: context(), id, body: { name: 'x' } })).rejects.toMatchObject({
      kind: 'conflict',
      code: 'character_archived',
    });
    expect((await characters.list({ limit: 10, include_archived: false })).items).toEqual([]);
    expect((await characters.list({ limit: 10, include_archived: true })).items).toEqual([archived]);
    expect((await events()).map((event) => event.type)).toEqual([characterCreated.type, characterArchived.type]);
  });

  it('that is not there is not found', async () => {
    const id = newId();
    for (const ask of [
      () => characters.get(id),
      () => characters.archive({ context: context(), id }),
      () => characters.update({ context: context(), id, body: { name: 'x' } }),
    ])
      await expect(ask()).rejects.toMatchObject({ kind: 'not_found', code: 'character_not_found' });
  });
});

describe('a list of characters', () => {
  it('is newest first, of one project when asked, page by page', async () => {
    const mine: string[] = [];
    for (let n = 0; n < 5; n++) mine.unshift((await create({ name: `c${n}` })).id);
    await create({}, undefined, newId());
    const first = await characters.list({ limit: 3, include_archived: false, project_id: projectId });
    const second = await characters.list({
      limit: 3,
      include_archived: false,
      project_id: projectId,
      cursor: first.next_cursor,
    });
    expect([...first.items, ...second.items].map((character) => character.id)).toEqual(mine);
    expect(second.next_cursor).toBeUndefined();
    expect((await characters.list({ limit: 10, include_archived: false })).items).toHaveLength(6);
  });
});

describe('the archiving of a project', () => {
  it('archives its characters once, and nobody else’s', async () => {
    const [a, b] = [await create(), await create()];
    const other = await create({}, undefined, newId());
    await characters.archive({ context: context(), id: a.id });
    const event = archivedEvent();
    await characters.archiveWithProject(event);
    await characters.archiveWithProject(event);
    expect((await characters.get(b.id)).archived_at).not.toBeNull();
    expect((await characters.get(other.id)).archived_at).toBeNull();
    const told = (await events()).filter((told) => told.type === characterArchived.type);
    expect(told.map((one) => (one.data as { characterId: string }).characterId)).toEqual([a.id, b.id]);
    expect(told[1]).toMatchObject({ correlationId: event.correlationId, causationId: event.id });
  });

  it('leaves nobody behind who was joining at that moment', async () => {
    // `projects` still answers that it is open; its event overtakes the answer.
    answer = async (id) => {
      await characters.archiveWithProject(archivedEvent(id));
      return aProject(id);
    };
    await expect(create()).rejects.toMatchObject({ kind: 'conflict', code: 'project_archived' });
  });

  it('makes those wait who join while it is under way, and refuses them', async () => {
    const member = await create();
    const waiting = (count: number): Promise<unknown> =>
      waitFor(
        async () =>
          (
            (await db.query(
              "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
            )) as unknown[]
          ).length === count,
        3_000,
      );
    let archiving: Promise<void> = Promise.resolve();
    let joining: Promise<unknown> = Promise.resolve();
    await db.transaction(async (tx) => {
      await tx.query('select 1 from character where id = $1 for update', [member.id]);
      archiving = characters.archiveWithProject(archivedEvent());
      await waiting(1);
      joining = create().catch((error: unknown) => error);
      await waiting(2);
    });
    await archiving;
    expect(await joining).toMatchObject({ kind: 'conflict', code: 'project_archived' });
    expect((await characters.list({ limit: 50, include_archived: false, project_id: projectId })).items).toEqual([]);
  });
});

describe('prompt parts', () => {
  it('come in the order asked, from this project only', async () => {
    const [a, b] = [await create({ name: 'A', base_prompt: 'girl' }), await create({ name: '花' })];
    const stranger = await create({}, undefined, newId());
    const { characters: parts } = await characters.getPromptParts({
      project_id: projectId,
      character_ids: [b.id, a.id],
    });
    expect(parts).toEqual([
      { id: b.id, name: '花', prompt: '花', negative_tokens: [] },
      { id: a.id, name: 'A', prompt: 'girl', negative_tokens: [] },
    ]);
    await expect(
      characters.getPromptParts({ project_id: projectId, character_ids: [a.id, stranger.id] }),
    ).rejects.toMatchObject({ code: 'character_not_found', options: { details: { id: stranger.id } } });
    expect(await characters.getPromptParts({ project_id: projectId, character_ids: [] })).toEqual({ characters: [] });
  });
});
