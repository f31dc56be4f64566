import { routes, type ServiceName } from '@tower/contracts';
import { waitFor } from '@tower/testing';
import { ApiClient } from '../apps/cli/src/api-client';
import { HostileTraffic } from './hostile-traffic';
import { ServiceProcesses } from './service-processes';

const services: readonly ServiceName[] = ['gateway', 'projects', 'characters', 'rendering', 'quality'];

/** Speaks to another program, and is not needed here. */
const withoutBridge: ServiceName = 'echo-bridge';

/** Milliseconds from the last hostile message until everything has to answer as if nothing had been. */
const recoveryMs = 90_000;

/**
 * Sends hostile messages to running services while a client asks them for things over HTTP; then the same processes
 * have to answer. Returns how many messages of which kind were sent.
 */
export async function hostileTrafficDrill(options: {
  messages: number;
  huge: number;
  seed: number;
}): Promise<Record<string, number>> {
  const processes = await ServiceProcesses.start(services);
  try {
    const before = processes.pids();
    expect(Object.keys(before).sort()).toEqual([...services].sort());
    const traffic = await HostileTraffic.start(processes.nats.url, options.seed);
    const client = keepAsking(processes.url);
    await traffic.send(options.messages, options.huge);
    const statuses = await client.stop();
    await traffic.stop();

    expect(statuses.size).toBeGreaterThan(0);
    await expectEverybodyAnswers(processes);
    expect(processes.pids()).toEqual(before);
    expect(
      processes.output.filter((line) => line.includes('"level":"fatal"') || line.includes('reader closed')),
    ).toEqual([]);
    return traffic.sent;
  } finally {
    await processes.stop();
  }
}

/** Every service is asked something, and a change goes through database, outbox, stream and feed. */
async function expectEverybodyAnswers({ url }: ServiceProcesses): Promise<void> {
  const api = new ApiClient(url, { patienceMs: 5_000 });
  const name = `after the storm ${Date.now()}`;
  const project = await waitFor(() => api.call(routes.createProject, { body: { name } }), {
    timeoutMs: recoveryMs,
    describe: 'projects answers',
  });
  const character = await waitFor(
    () => api.call(routes.createCharacter, { params: { id: project.id }, body: { name: 'Yuki' } }),
    { timeoutMs: recoveryMs, describe: 'characters answers' },
  );
  expect(character.project_id).toBe(project.id);
  const { job_id: id } = await waitFor(
    () =>
      api.call(routes.generate, {
        body: { project_id: project.id, job_type: 'still_image', prompt: 'calm', character_ids: [character.id] },
      }),
    { timeoutMs: recoveryMs, describe: 'rendering takes a job' },
  );
  await waitFor(async () => (await api.call(routes.getJobQuality, { params: { id } })).attempts.length === 0, {
    timeoutMs: recoveryMs,
    describe: 'quality answers',
  });
  await waitFor(async () => (await api.call(routes.getStatus, {})).rendering !== null, {
    timeoutMs: recoveryMs,
    describe: 'the status knows rendering',
  });
  await waitFor(
    async () => {
      const { parts } = (await (await fetch(`${url}/health`)).json()) as { parts: Record<string, { ok: boolean }> };
      return Object.entries(parts).every(([part, { ok }]) => ok || part === withoutBridge);
    },
    { timeoutMs: recoveryMs, describe: 'all parts are ready' },
  );
}

/**
 * Asks for lists until it is stopped; every answer has to be one, whatever it says. Resolves to the statuses that
 * came.
 */
function keepAsking(url: string): { stop: () => Promise<Map<number, number>> } {
  const statuses = new Map<number, number>();
  let stopped = false;
  const paths = ['/jobs', '/projects', '/characters', '/workflows', '/status'];
  const asking = paths.map(async (path) => {
    while (!stopped) {
      const answer = await fetch(`${url}/api/anime${path}`);
      await answer.text();
      expect(answer.headers.get('content-type')).toMatch(/json/);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    }
  });
  return {
    stop: async () => {
      stopped = true;
      await Promise.all(asking);
      return statuses;
    },
  };
}
