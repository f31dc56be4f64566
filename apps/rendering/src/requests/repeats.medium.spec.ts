// Real: PostgreSQL. Played: projects, which may archive its project between a request and its repeat.
import { join } from 'node:path';
import type { BusConnection, RequestClient } from '@tower/bus';
import { generateRequest, requestJob, type CommandOf, type GenerateRequest } from '@tower/contracts';
import { databaseFor, Outbox, OutboxRow } from '@tower/db';
import { createLogger, Metrics, newId, repositoryRoot, systemClock } from '@tower/kit';
import { DiskWatch, Library } from '@tower/library';
import { createTestDatabase, type TestDatabase } from '@tower/testing';
import type { DataSource } from 'typeorm';
import { composeRendering } from '../../harness/compose';
import { Job } from '../jobs/job.entity';
import { OutputInspector } from '../outputs/output-inspector';
import { renderingEntities } from '../rendering.module';
import { Catalogue } from '../workflows/catalogue';
import { CommandsService } from './commands.service';
import { InputFiles } from './input-files';
import { RequestsService } from './requests.service';

const projectId = newId();
const body = generateRequest.parse({
  project_id: projectId,
  job_type: 'still_image',
  prompt: 'at the window',
  seed: 7,
});

let database: TestDatabase;
let db: DataSource;
let jobs: RequestsService;
let commands: CommandsService;
/** How the neighbours are; what asks nobody works also when they are away. */
let project: 'open' | 'archived' | 'away';

beforeEach(async () => {
  database = await createTestDatabase('rendering');
  db = await databaseFor({
    url: database.url,
    schema: 'rendering',
    service: 'rendering',
    entities: renderingEntities,
  }).initialize();
  project = 'open';
  jobs = await serviceWith('workflows');
  commands = new CommandsService(db, outbox, jobs);
});

const outbox = new Outbox('rendering', systemClock);

const logger = createLogger('test', 'silent');
const nowhere = new Library('/nowhere');
/** Nothing is stored here. */
const noDisks = new DiskWatch([], 0, new Metrics('rendering'), systemClock, logger);

async function serviceWith(workflowFolder: string): Promise<RequestsService> {
  const found = { id: projectId, slug: 'night-train' };
  const ask = (): Promise<unknown> =>
    project === 'away'
      ? Promise.reject(new Error('nobody answers'))
      : Promise.resolve({ ...found, archived_at: project === 'open' ? null : '2026-01-01T00:00:00.000Z' });
  const service = await composeRendering(
    {
      databaseUrl: database.url,
      db,
      bus: {} as BusConnection,
      requests: { ask } as unknown as RequestClient,
      metrics: new Metrics('rendering'),
      clock: systemClock,
      logger,
      instance: 'test',
    },
    {
      library: nowhere,
      disks: noDisks,
      workflows: await Catalogue.read(join(repositoryRoot, workflowFolder)),
      inputs: new InputFiles(nowhere),
      inspector: new OutputInspector(),
      gpus: [],
      queueLimit: 1_000,
    },
  );
  return service.get(RequestsService);
}

afterEach(async () => {
  await db.destroy();
  await database.drop();
});

const request = (key: string, changes: Partial<GenerateRequest> = {}) =>
  jobs.request({ context: { correlationId: newId(), idempotencyKey: key }, body: { ...body, ...changes } });

describe('a repeat under the same key', () => {
  it.each(['archived', 'away'] as const)('gets the first answer although the project is %s since', async (since) => {
    const first = await request('key');
    project = since;
    expect(await request('key')).toEqual(first);
    await expect(request('key', { seed: 8 })).rejects.toMatchObject({ code: 'idempotency_key_reused' });
    expect(await db.manager.count(Job)).toBe(1);
  });

  it('gets the first answer although its workflow is gone since', async () => {
    const first = await request('key', { workflow: 'anime-still-sd15' });
    // A folder without templates.
    jobs = await serviceWith('migrations/rendering');
    expect(await request('key', { workflow: 'anime-still-sd15' })).toEqual(first);
  });
});

describe('a command that comes again', () => {
  const command = (): CommandOf<typeof requestJob> =>
    ({ id: newId(), type: requestJob.type, data: body }) as unknown as CommandOf<typeof requestJob>;
  const at = (seq: number) => ({ stream: 'CMD_RENDERING', seq, storedAtNanos: 1_700_000_000_000_000_000 + seq });
  const answers = async (): Promise<unknown[]> =>
    (await db.manager.find(OutboxRow, { order: { id: 'ASC' } }))
      .map((row) => row.payload)
      .filter((event) => /command_/.test((event as { type: string }).type));

  it('is accepted with the job that it made, although the project is archived since', async () => {
    const sent = command();
    // The process ended between making the job and saying so.
    const made = await jobs.request({ context: { correlationId: sent.id, idempotencyKey: sent.id }, body });
    project = 'archived';
    await commands.requestJob(sent, at(1));
    await commands.requestJob(sent, at(1));
    const accepted = (seq: number): unknown =>
      expect.objectContaining({
        type: 'rendering.v1.command_accepted',
        data: {
          commandId: sent.id,
          commandType: requestJob.type,
          received: { stream: 'CMD_RENDERING', seq },
          jobId: made.job_id,
        },
      });
    expect(await answers()).toEqual([accepted(1)]);
    // Sent again by a publisher that did not hear the answer, also to a stream that was made anew since.
    await commands.requestJob(sent, at(2));
    await commands.requestJob(sent, { ...at(1), storedAtNanos: 9 });
    expect(await answers()).toEqual([accepted(1), accepted(2), accepted(1)]);
    expect(await db.manager.count(Job)).toBe(1);
  });

  it('is rejected when its id stands for another job already', async () => {
    const sent = command();
    await commands.requestJob(sent, at(1));
    await commands.requestJob({ ...sent, data: { ...body, seed: 8 } }, at(2));
    const [, second] = await answers();
    expect(second).toMatchObject({
      type: 'rendering.v1.command_rejected',
      data: { commandId: sent.id, received: { seq: 2 }, code: 'idempotency_key_reused' },
    });
    expect(await db.manager.count(Job)).toBe(1);
  });

  it('is rejected when it made no job before', async () => {
    project = 'archived';
    await commands.requestJob(command(), at(1));
    expect(await answers()).toEqual([
      expect.objectContaining({
        type: 'rendering.v1.command_rejected',
        data: expect.objectContaining({ code: 'project_archived' }),
      }),
    ]);
  });
});
