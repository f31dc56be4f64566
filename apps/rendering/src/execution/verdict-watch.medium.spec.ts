// Real: PostgreSQL, NATS, a simulated card as a process. Quality and the outbox relay are played.
import { attemptRendered, gpuConfig, type findVerdictsRequest, type OutputOf } from '@tower/contracts';
import { AppError } from '@tower/kit';
import {
  createTestDatabase,
  startTestNats,
  waitFor,
  SimProcess,
  type TestDatabase,
  type TestNats,
} from '@tower/testing';
import { RenderingHarness, verdictOn } from '../../harness/rendering-harness';
import { Attempt } from '../jobs/attempt.entity';

type Answer = OutputOf<typeof findVerdictsRequest>;

let database: TestDatabase;
let nats: TestNats;
let card: SimProcess;
let harness: RenderingHarness;
/** Attempts that quality was asked for, question by question. */
let asked: string[][];
let answer: (ids: string[]) => Promise<Answer>;

const limits = { verdictMs: { wait: 300, askEvery: 100 } };
const knowsNothing = (settledThrough: number) => (): Promise<Answer> =>
  Promise.resolve({ verdicts: [], settled_through: settledThrough });
const down = (): Promise<Answer> =>
  Promise.reject(new AppError('unavailable', 'quality_unavailable', 'the quality service does not answer'));

beforeAll(async () => {
  [nats, database] = await Promise.all([startTestNats(), createTestDatabase('rendering')]);
  card = await new SimProcess('rtx3060', 'rtx3060').start();
  harness = await RenderingHarness.on(database.url, nats.url, [gpuConfig.parse({ name: card.name, url: card.url })]);
  await harness.startLeader(undefined, { limits, findVerdicts, roundEveryMs: 100 });
});
afterAll(async () => {
  await harness.close();
  await card.close();
  await Promise.all([database.drop(), nats.close()]);
});
/** No job of an earlier test is asked for in the next. */
afterEach(() => harness.judge());

const findVerdicts = (ids: string[]): Promise<Answer> => {
  asked.push(ids);
  return answer(ids);
};

/** A job whose picture waits for its verdict, announced at number 7 of the stream. */
async function checking(first: typeof answer): Promise<{ jobId: string; attempt: Attempt }> {
  answer = first;
  asked = [];
  const { job_id: jobId } = await harness.request({ width: 64, height: 64, max_regenerations: 2 });
  const attempt = await waitFor(() => harness.db.manager.findOneBy(Attempt, { jobId, state: 'checking' }), 30_000);
  if (attempt === null) throw new Error('no attempt');
  await sent(7);
  return { jobId, attempt };
}

/** Plays the relay for every announcement that waits. */
const sent = (seq: number): Promise<unknown> =>
  harness.db.query(
    'update outbox set published_at = now(), stream_seq = $1 where published_at is null and subject like $2',
    [seq, 'evt.rendering.v1.attempt_rendered.%'],
  );
const announcements = async (jobId: string): Promise<{ msg_id: string; repeat: number | null }[]> =>
  harness.db.query(
    "select msg_id, (payload->'data'->>'repeat')::int as repeat from outbox " +
      "where payload->>'type' = $1 and payload->'data'->>'jobId' = $2 order by id",
    [attemptRendered.type, jobId],
  );
const settlements = async (jobId: string): Promise<number> => {
  const [row]: { n: number }[] = await harness.db.query(
    "select count(*)::int as n from job_event where type = 'rendering.v1.attempt_settled' and job_id = $1",
    [jobId],
  );
  return row?.n ?? 0;
};

it('applies a verdict whose event never came, and the event changes nothing when it comes after all', async () => {
  const { jobId, attempt } = await checking((ids) =>
    Promise.resolve({
      verdicts: ids.map((id) => ({ ...verdictOn({ ...attempt, id } as Attempt, 'passed').data, jobId })),
      settled_through: 7,
    }),
  );
  const job = await waitFor(async () => {
    const now = await harness.job(jobId);
    return now.status === 'completed' ? now : undefined;
  }, 20_000);
  expect(job.tasks[0]?.attempts).toMatchObject([
    { id: attempt.id, state: 'succeeded', verdict: 'passed', scores: [{ metric: 'not_black' }] },
  ]);
  await harness.results.settleVerdict(verdictOn(attempt, 'failed'));
  expect((await harness.job(jobId)).status).toBe('completed');
  expect(await settlements(jobId)).toBe(1);
  expect(await announcements(jobId)).toHaveLength(1);
});

it('announces the attempt again when quality was told in vain, and ends the job after the third time', async () => {
  const { jobId, attempt } = await checking(knowsNothing(7));
  for (const n of [2, 3, 4]) {
    await waitFor(async () => (await announcements(jobId)).length === n, {
      timeoutMs: 20_000,
      describe: `announcement ${n}`,
    });
    await sent(7);
  }
  const job = await waitFor(async () => {
    const now = await harness.job(jobId);
    return now.ended_at === null ? undefined : now;
  }, 20_000);
  expect(job).toMatchObject({
    status: 'rejected',
    error: { code: 'quality_unavailable', hint: expect.stringContaining('dead-letters') as string },
  });
  // Another picture would not be looked at either.
  expect(job.tasks[0]?.attempts).toMatchObject([{ id: attempt.id, state: 'rejected', verdict: 'failed' }]);
  const said = await announcements(jobId);
  expect(said.map(({ repeat }) => repeat)).toEqual([null, 1, 2, 3]);
  expect(new Set(said.map(({ msg_id }) => msg_id)).size).toBe(4);
  const events = (await harness.reader.events({ id: jobId, after: 0, limit: 100 })).items;
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
});

it('goes on counting where an earlier leader stopped', async () => {
  const { jobId, attempt } = await checking(knowsNothing(0));
  await harness.db.manager.update(Attempt, { id: attempt.id }, { announcedAgain: 3 });
  answer = knowsNothing(7);
  await waitFor(async () => (await harness.job(jobId)).status === 'rejected', 20_000);
  expect(await announcements(jobId)).toHaveLength(1);
});

it('leaves alone what quality has not come to yet', async () => {
  const { jobId } = await checking(knowsNothing(6));
  await waitFor(() => asked.length >= 5, 20_000);
  expect(await announcements(jobId)).toHaveLength(1);
  expect(await harness.job(jobId)).toMatchObject({ status: 'quality_check', stage: 'Checking quality' });
});

it('keeps waiting, and says so, while quality does not answer', async () => {
  const { jobId, attempt } = await checking(down);
  await waitFor(async () => (await harness.job(jobId)).stage === 'Waiting for the quality service', 20_000);
  const until = asked.length + 8;
  await waitFor(() => asked.length >= until, 20_000);
  expect(await announcements(jobId)).toHaveLength(1);
  expect((await harness.job(jobId)).status).toBe('quality_check');

  answer = knowsNothing(6);
  await waitFor(async () => (await harness.job(jobId)).stage === 'Checking quality', 20_000);
  answer = () => Promise.resolve({ verdicts: [verdictOn(attempt, 'passed').data], settled_through: 7 });
  await waitFor(async () => (await harness.job(jobId)).status === 'completed', 20_000);
});
