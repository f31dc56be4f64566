import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GenerateRequest, JobParamsView } from '@tower/contracts';
import { createTestDatabase, startTestNats, waitFor, type TestNats } from '@tower/testing';
import { FaultBench, story } from '../../harness/fault-bench';

/**
 * Two cards with the same files in sub-folders, one of them on Windows. Real: PostgreSQL, NATS, HTTP, two simulated
 * cards as processes, which take a file only in exactly the spelling in which they list it.
 */
jest.setTimeout(240_000);

const files = [
  'checkpoints/SD15/anime_sd15.safetensors',
  'checkpoints/SDXL/ProteusV0.4.safetensors',
  'loras/styles/ink.safetensors',
  'embeddings/neg/easy.pt',
];
const flags = [
  ...['checkpoints', 'loras/style.safetensors'].flatMap((left) => ['--without', left]),
  ...files.flatMap((file) => ['--file', file]),
];
const metadata = 'checkpoints/SDXL/ProteusV0.4.safetensors={"modelspec.architecture":"stable-diffusion-xl-v1-base"}';

let nats: TestNats;
let bench: FaultBench;
beforeAll(async () => {
  nats = await startTestNats();
  const database = await createTestDatabase('rendering');
  bench = await FaultBench.open(
    { natsUrl: nats.url, database, waitFor },
    { flags, flagsOf: { rtx3060: ['--windows', '--metadata', metadata] } },
  );
});
afterAll(async () => {
  await bench.close();
  await nats.close();
});

const still: Partial<GenerateRequest> = { workflow: 'anime-still-sd15', preset: 'draft', seed: 40, prompt: 'a tower' };

async function attemptsOf(body: Partial<GenerateRequest>): Promise<JobParamsView[]> {
  const job = await bench.rendered({ ...still, ...body });
  expect([job.status, job.error]).toEqual(['completed', null]);
  return (await bench.harness.reader.params({ id: job.id, limit: 50 })).items;
}

it('both cards work, each with its own spelling in the graph', async () => {
  const attempts = await attemptsOf({
    count: 6,
    model_name: 'SD15\\anime_sd15.safetensors',
    lora_models: ['ink'],
    negative_prompt: 'embedding:easy',
  });
  const seen = attempts.map(({ gpu, graph, parameters }) => {
    const nodes = Object.values(graph as Record<string, { class_type: string; inputs: Record<string, unknown> }>);
    const input = (type: string, name: string): unknown => nodes.find((node) => node.class_type === type)?.inputs[name];
    return [
      gpu,
      parameters['model_name'],
      input('CheckpointLoaderSimple', 'ckpt_name'),
      input('LoraLoader', 'lora_name'),
      nodes.map((node) => node.inputs['text']).includes('embedding:neg/easy'),
    ];
  });
  const spelt = (separator: string): string[] => [
    `SD15${separator}anime_sd15.safetensors`,
    `styles${separator}ink.safetensors`,
  ];
  expect([...new Set(seen.map((one) => JSON.stringify(one)))].sort()).toEqual([
    JSON.stringify(['rtx3060', 'SD15/anime_sd15.safetensors', ...spelt('\\'), true]),
    JSON.stringify(['rx9070xt', 'SD15/anime_sd15.safetensors', ...spelt('/'), true]),
  ]);
});

it('each result has its own choice, which the same request and seed make again, and its files say which', async () => {
  const asked = { count: 4, prompt: 'a {blue|red|green} hat, <lora:styles/ink:0.5>' };
  const chosen = async (): Promise<unknown[]> =>
    (await attemptsOf(asked))
      .map(({ parameters, prompt_choices: choices }) => [parameters['seed'], parameters['prompt'], choices])
      .sort();
  const first = await chosen();
  expect(new Set(first.map((one) => (one as string[])[1])).size).toBeGreaterThan(1);
  expect(await chosen()).toEqual(first);
  const [one] = (await attemptsOf({ ...asked, count: 1, seed: 42 })) as [JobParamsView];
  expect(first).toContainEqual([42, one.parameters['prompt'], one.prompt_choices]);
  const [artifact] = (await bench.harness.db.query('select path from artifact where attempt_id = $1', [
    one.attempt_id,
  ])) as { path: string }[];
  const sidecar = JSON.parse(
    readFileSync(join(bench.harness.libraryRoot, (artifact?.path ?? '').replace(/\.\w+$/, '.json')), 'utf8'),
  ) as { workflow: Record<string, unknown> };
  expect(sidecar.workflow).toMatchObject({
    prompt_choices: one.prompt_choices,
    parameters: { prompt: one.parameters['prompt'] },
    parts: { loras: [{ file: 'styles/ink.safetensors', strengthModel: 0.5 }] },
  });
});

it('a checkpoint is what its file says, whatever it is called', async () => {
  const small = await bench.gpu(bench.small);
  expect(small.inventory?.families).toEqual({ 'SDXL/ProteusV0.4.safetensors': 'sdxl' });
  await expect(
    bench.request({ ...still, workflow: 'anime-still-sd15', model_name: 'ProteusV0.4' }),
  ).rejects.toMatchObject({ message: expect.stringContaining('is an SDXL checkpoint, as its file') as string });
  await attemptsOf({ workflow: 'anime-still-sdxl', model_name: 'ProteusV0.4', width: 256, height: 256 });
});

it('a file that goes away for a moment is waited for, with the reason', async () => {
  await bench.bothIdle();
  await bench.small.fault({ kind: 'missing-model', node: 'styles\\ink.safetensors' });
  await bench.big.fault({ kind: 'missing-model', node: 'styles/ink.safetensors' });
  const id = await bench.request({ ...still, lora_models: ['ink'] });
  const stages = new Set<string>();
  await waitFor(
    async () => {
      const { stage } = await bench.harness.job(id);
      stages.add(stage);
      return stage.includes('lacks models/loras/styles/ink.safetensors');
    },
    { timeoutMs: 60_000, describe: 'the job to wait for the LoRA' },
  );
  await bench.small.clearFaults();
  await bench.big.clearFaults();
  const job = await bench.ended(id, 60_000);
  expect([job.status, job.error]).toEqual(['completed', null]);
  expect(story(job).at(-1)).toMatch(/rendered/);
  expect([...stages].some((stage) => stage.includes('lists it again'))).toBe(true);
});
