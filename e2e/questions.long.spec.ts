// Real: every process of a Tower; rendering is stopped (SIGSTOP) where that is said. Simulated: the two cards.
import { problem, routes, type JobAccepted, type Problem, type ProjectView } from '@tower/contracts';
import { newId } from '@tower/kit';
import { waitFor } from '@tower/testing';
import { TowerProcess } from './tower-process';

let tower: TowerProcess;
let project: ProjectView;

beforeAll(async () => {
  tower = await TowerProcess.start();
  project = await tower.api.call(routes.createProject, { body: { name: 'Given up' } });
}, 120_000);
afterAll(async () => {
  const pid = tower.pidOf('rendering');
  if (pid !== undefined) process.kill(pid, 'SIGCONT');
  await tower.remove();
});

/** As a plain client sends it, without a key unless one is given. */
const generate = (prompt: string, key?: string): Promise<Response> =>
  fetch(`${tower.url}/api/anime/generate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { 'idempotency-key': key }) },
    body: JSON.stringify({ project_id: project.id, job_type: 'still_image', prompt, width: 64, height: 64 }),
  });
const jobsOf = async (prompt: string): Promise<string[]> =>
  (await tower.api.call(routes.listJobs, { query: { limit: 200 } })).items
    .filter((job) => job.prompt === prompt)
    .map((job) => job.id);

async function givenUpWhileStopped(prompt: string): Promise<Problem> {
  tower.signal('rendering', 'SIGSTOP');
  try {
    const answer = await generate(prompt);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('2');
    return problem.parse(await answer.json());
  } finally {
    tower.signal('rendering', 'SIGCONT');
  }
}

it('says that the outcome is not known, and a repeat as told makes one job', async () => {
  const answered = await givenUpWhileStopped('told');
  expect(answered).toMatchObject({
    code: 'outcome_unknown',
    detail: expect.stringMatching(/same Idempotency-Key.*GET \/jobs/) as string,
    idempotency_key: expect.any(String) as string,
  });
  const repeated = await waitFor(async () => {
    const answer = await generate('told', answered.idempotency_key);
    return answer.status === 202 ? ((await answer.json()) as JobAccepted) : undefined;
  }, 30_000);
  // Once more, as a client may that did not see the second answer either.
  expect(((await (await generate('told', answered.idempotency_key)).json()) as JobAccepted).job_id).toBe(
    repeated.job_id,
  );
  expect(await jobsOf('told')).toEqual([repeated.job_id]);
}, 120_000);

it('does not begin what was given up, so that a repeat without the key makes one job too', async () => {
  await givenUpWhileStopped('deaf');
  await waitFor(async () => (await tower.api.call(routes.getStatus, {})).rendering !== null, 30_000);
  expect(await jobsOf('deaf')).toEqual([]);
  await waitFor(async () => (await generate('deaf')).status === 202, 30_000);
  expect(await jobsOf('deaf')).toHaveLength(1);
}, 120_000);

it('writes one id into the log of every process that worked on a request, reads included', async () => {
  const correlationId = newId();
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const answer = await fetch(`${tower.url}/api/anime/jobs?limit=1`, {
    headers: { 'x-correlation-id': correlationId, traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
  });
  expect(answer.status).toBe(200);
  const lines = await waitFor(() => {
    const found = tower.log().filter((line) => line.correlationId === correlationId);
    return ['gateway', 'rendering'].every((service) => found.some((line) => line.service === service))
      ? found
      : undefined;
  });
  expect(lines.find((line) => line.service === 'rendering')).toMatchObject({
    msg: 'answered',
    subject: 'req.rendering.v1.list_jobs',
    traceId,
  });
}, 30_000);
