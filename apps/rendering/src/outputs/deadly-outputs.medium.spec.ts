// Real: PostgreSQL, NATS, a simulated card as a process, decoder processes. The poison is played: a decoder that dies
// of every file.
import { gpuConfig } from '@tower/contracts';
import { DecoderDied } from '@tower/imaging';
import {
  createTestDatabase,
  startTestNats,
  waitFor,
  SimProcess,
  type TestDatabase,
  type TestNats,
} from '@tower/testing';
import { RenderingHarness } from '../../harness/rendering-harness';
import { Attempt } from '../jobs/attempt.entity';
import { Decodings } from './decodings';
import type { OutputInspector } from './output-inspector';

let database: TestDatabase;
let nats: TestNats;
let card: SimProcess;
let harness: RenderingHarness;

beforeAll(async () => {
  [nats, database, card] = await Promise.all([
    startTestNats(),
    createTestDatabase('rendering'),
    new SimProcess('rtx3060', 'rtx3060').start(),
  ]);
  harness = await RenderingHarness.on(database.url, nats.url, [gpuConfig.parse({ name: card.name, url: card.url })]);
});
afterEach(() => harness.stopLeaders());
afterAll(async () => {
  await harness.close();
  await Promise.all([card.close(), database.drop(), nats.close()]);
});

it('an output that its decoder dies of is decoded twice and fails its attempt, and the scheduler goes on', async () => {
  let decodings = 0;
  const inspect = (): Promise<never> => {
    decodings += 1;
    return Promise.reject(new DecoderDied("the decoder's process ended (SIGSEGV)"));
  };
  const leader = await harness.startLeader(undefined, {
    inspector: { inspect } as unknown as OutputInspector,
    limits: { outputTries: { most: 15, everyMs: 200 } },
    roundEveryMs: 100,
  });
  const { job_id: jobId } = await harness.request({ width: 64, height: 64 });
  const attempt = await waitFor(() => harness.db.manager.findOneBy(Attempt, { jobId, n: 1, state: 'failed' }), {
    timeoutMs: 30_000,
    describe: 'the first attempt to fail',
  });
  expect(attempt?.error).toMatchObject({
    code: 'output_kills_decoder',
    message: expect.stringContaining('the decoder died of it 2 times') as string,
  });
  expect(decodings).toBe(2);
  expect(leader.isLeader()).toBe(true);
});

it('remembers over restarts what was cut off with the whole service, and forgets it when a decoding ends', async () => {
  await harness.startLeader();
  const { job_id: jobId } = await harness.request({ width: 64, height: 64 });
  const attempt = await waitFor(() => harness.db.manager.findOneBy(Attempt, { jobId, state: 'checking' }), 30_000);
  const id = attempt?.id ?? '';
  // Decoded by a process of its own, and nothing stays of that.
  expect(attempt).toMatchObject({ decoderDeaths: 0, decodingsCutOff: 0 });
  for (let n = 1; n <= 3; n++) expect(await new Decodings(harness.db).begin(id)).toBeUndefined();
  expect(await new Decodings(harness.db).begin(id)).toBe('the rendering service ended 3 times while it was decoded');
  await new Decodings(harness.db).survived(id);
  expect(await new Decodings(harness.db).begin(id)).toBeUndefined();
});
