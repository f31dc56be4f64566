// Real: simulated ComfyUI servers of both generations as processes, with the node packs; files that come out are
// decoded.
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ComfyClient, toInventory, fileRef, type FileRef, type HistoryEntry } from '@tower/comfyui';
import { readFilm } from '@tower/imaging';
import { repositoryRoot } from '@tower/kit';
import { waitFor, SimProcess } from '@tower/testing';
import sharp from 'sharp';
import type { GpuInventory } from '../cards/card.entity';
import { Catalogue } from './catalogue';
import { usualValues } from './compatibility/compatibility';
import { missingFor } from './compatibility/requirements';
import { noParts, type GraphStep, type ParameterValues, type Parts } from './composition';
import { composeGraph } from './graph/compose';
import type { Workflow } from './template/workflow-file';
import { workflowNames } from './template/workflow-names.fixture';
import { promisedResult } from './values/planned-values';

let library: Catalogue;
let folder: string;
beforeAll(async () => {
  library = await Catalogue.read(join(repositoryRoot, 'workflows'));
  folder = await mkdtemp(join(tmpdir(), 'tower-workflows-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Small enough that every template renders and decodes in moments. */
const small: ParameterValues = { width: 128, height: 192, steps: 2, frame_count: 9 };
const seconds = 60;

/** One server with what it has, and the files that were uploaded to it. */
class Server {
  private constructor(
    readonly process: SimProcess,
    readonly client: ComfyClient,
    readonly inventory: GpuInventory,
  ) {}

  static async start(generation: '0.3.64' | '0.33'): Promise<Server> {
    const process = await new SimProcess('workflows', 'rx9070xt', 0, generation, ['--faces', 'all']).start();
    const client = new ComfyClient('workflows', process.url);
    const { inventory } = client;
    const models = await inventory.models(await inventory.modelFolders());
    return new Server(process, client, toInventory(await inventory.stats(), await inventory.objectInfo(), models));
  }

  async upload(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
    const form = new FormData();
    form.append('image', new Blob([bytes]), name);
    const response = await fetch(`${this.process.url}/upload/image`, { method: 'POST', body: form });
    return ((await response.json()) as { name: string }).name;
  }

  /** Renders and fetches every file of the declared outputs. */
  async render(
    workflow: Workflow,
    values: ParameterValues,
    images: Record<string, string>,
    parts: Parts,
    steps: GraphStep[],
  ): Promise<string[]> {
    const composition = { values, parts, plan: { steps } };
    expect(missingFor(workflow, composition, this.inventory)).toEqual([]);
    const prefix = `tower/${randomUUID()}`;
    const { graph, outputs } = composeGraph(workflow, { ...composition, prefix, images });
    const promptId = randomUUID();
    expect(await this.client.post(graph, promptId, randomUUID(), {})).toMatchObject({ outcome: 'accepted' });
    const entry = await waitFor(() => this.client.history(promptId), seconds * 1000);
    expect(errorsOf(entry)).toEqual([]);
    const files = outputs.flatMap(({ node }) => filesOf(entry.outputs[node] ?? {}));
    return Promise.all(
      files.map(async (file) => {
        const path = join(folder, `${randomUUID()}-${file.filename}`);
        await this.client.download(file, path);
        return path;
      }),
    );
  }
}

const filesOf = (output: Record<string, unknown>): FileRef[] =>
  [output['images'], output['gifs']].flatMap((list) =>
    Array.isArray(list) ? list.map((file) => fileRef.parse(file)) : [],
  );

const errorsOf = (entry: HistoryEntry): string[] =>
  (entry.status?.messages ?? []).flatMap(([kind, data]) =>
    kind === 'execution_error' ? [`${String(data['node_type'])}: ${String(data['exception_message'])}`] : [],
  );

/** Decodes what came out and compares it with what was promised. */
async function expectPromised(
  paths: readonly string[],
  workflow: Workflow,
  values: ParameterValues,
  steps: GraphStep[],
): Promise<void> {
  const promised = promisedResult(workflow, values, { steps });
  expect(paths).toHaveLength(1);
  const [path = ''] = paths;
  if (promised.fps === null) {
    const { data, info } = await sharp(path).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height, data.length]).toEqual([
      promised.width,
      promised.height,
      promised.width * promised.height * 3,
    ]);
    return;
  }
  const film = await readFilm(path, () => undefined);
  expect([film.width, film.height, film.frames]).toEqual([promised.width, promised.height, promised.frames]);
  expect(film.durationSeconds).toBeCloseTo(promised.frames / promised.fps, 1);
}

describe.each(['0.3.64', '0.33'] as const)('a simulated ComfyUI %s', (generation) => {
  let server: Server;
  const images: Record<string, string> = {};
  beforeAll(async () => {
    server = await Server.start(generation);
    const picture = new Uint8Array(
      await sharp({ create: { width: 160, height: 160, channels: 3, background: '#a04060' } })
        .png()
        .toBuffer(),
    );
    for (const name of ['start_image', 'end_image', 'hero', 'pose'])
      images[name] = await server.upload(`${name}.png`, picture);
    const loop = library.get('loop-animatediff');
    const [film = ''] = await server.render(loop, smallValues(loop), images, noParts, []);
    images['start_film'] = await server.upload('start_film.mp4', new Uint8Array(await readFile(film)));
  });
  afterAll(() => server.process.close());

  const smallValues = (workflow: Workflow, given: ParameterValues = {}, withPicture = false): ParameterValues => {
    const values = { ...usualValues(workflow, server.inventory, 'draft', withPicture), ...given };
    for (const [name, value] of Object.entries(small))
      if (workflow.file.parameters[name] !== undefined && given[name] === undefined) values[name] = value;
    return values;
  };
  const check = async (
    name: string,
    values: ParameterValues,
    parts: Parts = noParts,
    steps: GraphStep[] = [],
  ): Promise<void> => {
    const workflow = library.get(name);
    await expectPromised(await server.render(workflow, values, images, parts, steps), workflow, values, steps);
  };

  it.each(workflowNames)(
    'renders %s to a file of the promised size, frames and duration',
    async (name) => {
      await check(name, smallValues(library.get(name)));
    },
    seconds * 1000,
  );

  it.each(workflowNames)(
    'renders %s after every fallback at once, in the size that is then promised',
    async (name) => {
      const workflow = library.get(name);
      const side = workflow.file.result.fps === undefined ? 640 : 352;
      const values = smallValues(workflow, { width: side, height: side }, true);
      const steps = workflow.file.fallbacks.map(({ step }) => step);
      expect(promisedResult(workflow, values, { steps }).width).toBeLessThan(promisedResult(workflow, values).width);
      await check(name, values, noParts, steps);
    },
    seconds * 1000,
  );

  it(
    'renders loops with frames in between, closed and open',
    async () => {
      await check('loop-animatediff', smallValues(library.get('loop-animatediff'), { interpolation: 3, fps: 24 }));
      await check(
        'interpolate-rife',
        smallValues(library.get('interpolate-rife'), { interpolation: 4, closed_loop: false }),
      );
    },
    seconds * 1000,
  );

  it(
    'renders from a picture, and between two',
    async () => {
      await check('video-wan22-5b', smallValues(library.get('video-wan22-5b'), {}, true));
      await check('video-cogvideox', smallValues(library.get('video-cogvideox'), {}, true));
      await check(
        'loop-first-last-frame',
        smallValues(library.get('loop-first-last-frame'), { end_image: 'end_image' }),
      );
    },
    seconds * 1000,
  );

  it(
    'renders with LoRAs, references of both kinds and ControlNets',
    async () => {
      const lora = { file: 'style.safetensors', strengthModel: 0.7, strengthClip: 0.7 };
      const reference = { image: 'hero', weight: 0.8, start: 0, end: 1 };
      const parts: Parts = {
        loras: [lora, lora],
        references: [
          { ...reference, kind: 'ipadapter' },
          { ...reference, kind: 'faceid' },
        ],
        controlnets: [
          { file: 'control_v11p_sd15_openpose_fp16.safetensors', image: 'pose', strength: 1, start: 0, end: 1 },
        ],
      };
      await check('anime-still-sd15', smallValues(library.get('anime-still-sd15')), parts);
      await check('loop-animatediff', smallValues(library.get('loop-animatediff')), parts);
    },
    seconds * 1000,
  );
});
