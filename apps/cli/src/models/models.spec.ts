import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { readGpuConfig } from '@tower/comfyui';
import { repositoryRoot } from '@tower/kit';
import { ModelAcceptance, ModelStore } from '@tower/models';
import { FileServer, safetensors, stallAfter, waitFor, wholeFile } from '@tower/testing';
import { Terminal } from '../terminal';
import { planFetch, type FetchWish, type KnownModels } from './fetch-plan';
import { fetchReport, progressLine } from './fetch-report';
import { describeModels, listModels } from './model-list';
import { QualityModels } from './quality-models';

/**
 * A file server stands for the model site, an HTTP server for the list of a ComfyUI; folders and processes are real.
 */
describe('tower models', () => {
  let site: FileServer;
  let comfy: Server;
  let home: string;
  const content = safetensors(600_000);

  beforeAll(async () => {
    site = await FileServer.start(content);
    comfy = createServer((request, response) => {
      const list = { '/models/vae': ['sub\\listed.safetensors'], '/models/unet_gguf': ['big.gguf'] }[request.url ?? ''];
      response.statusCode = list === undefined ? 404 : 200;
      response.end(JSON.stringify(list ?? {}));
    });
    comfy.listen(0, '127.0.0.1');
    await once(comfy, 'listening');
  });
  afterAll(async () => {
    await site.stop();
    comfy.close();
  });
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'tower-models-'));
    mkdirSync(join(home, 'models'));
    site.answer(wholeFile);
    writeFileSync(
      join(home, 'gpus.yaml'),
      JSON.stringify({
        gpus: [
          { name: 'near', url: 'http://127.0.0.1:1', models_folder: join(home, 'models') },
          { name: 'same', url: 'http://127.0.0.1:2', models_folder: join(home, 'models') },
          { name: 'far', url: `http://127.0.0.1:${(comfy.address() as AddressInfo).port}` },
        ],
      }),
    );
    const model = {
      folder: 'vae',
      url: `${site.origin}/a.safetensors`,
      source: 'https://example.org',
      sha256: site.sha256,
      bytes: content.length,
      licence: 'MIT',
      needs_acceptance: false,
    };
    const onnx = {
      contract: 'interpolator',
      url: 'https://example.org/net.onnx',
      licence: 'MIT',
      nonCommercial: false,
      sha256: 'a'.repeat(64),
      padMultiple: 32,
    };
    writeFileSync(
      join(home, 'manifest.yaml'),
      JSON.stringify({
        models: [
          { ...onnx, id: 'net', file: 'x/net.onnx' },
          { ...onnx, id: 'zipped', file: 'y/net.onnx', url: 'https://example.org/all.zip', licence: 'research only' },
        ],
        generation: [
          { ...model, name: 'a.safetensors' },
          { ...model, name: 'sub/listed.safetensors', needs_acceptance: true, licence: 'Fair' },
          { ...model, name: 'big.gguf', folder: 'diffusion_models', sha256: null, url: null, bytes: null },
          { ...model, name: 'twice.safetensors' },
          { ...model, name: 'twice.safetensors', folder: 'loras' },
        ],
      }),
    );
    writeFileSync(join(home, 'models.yaml'), 'accepted: [Fare]\n');
  });
  afterEach(() => rmSync(home, { recursive: true }));

  const environment = () => ({
    TOWER_MODELS_MANIFEST: join(home, 'manifest.yaml'),
    TOWER_MODELS_FILE: join(home, 'models.yaml'),
    TOWER_GPUS_FILE: join(home, 'gpus.yaml'),
    TOWER_MODELS: join(home, 'files'),
  });
  const known = (): KnownModels => {
    const env = environment();
    const store = ModelStore.read(env);
    return {
      store,
      quality: QualityModels.read(env.TOWER_MODELS_MANIFEST, env.TOWER_MODELS, store.acceptance),
      gpus: readGpuConfig(env),
    };
  };
  const plan = (names: string[], wish: Partial<FetchWish> = {}) =>
    planFetch({ names, quality: false, acceptLicence: false, ...wish }, known());

  it('plans a file once for cards that share a folder, and for one card when it is named', () => {
    expect(plan(['a.safetensors']).map(({ destination }) => destination)).toEqual(['near, same', 'far']);
    expect(plan(['vae/a.safetensors'], { gpu: 'near' }).map(({ destination }) => destination)).toEqual(['near']);
    expect(plan(['net', 'loras/twice.safetensors'], { gpu: 'far' }).map(({ name }) => name)).toEqual([
      'net',
      'twice.safetensors',
    ]);
  });

  it.each([
    ['model_name_missing', [], {}],
    ['model_name_missing', [], { quality: true }],
    ['model_unknown', ['b.safetensors'], {}],
    ['model_unknown', ['a.safetensors'], { quality: true }],
    ['model_ambiguous', ['twice.safetensors'], {}],
    ['gpu_unknown', ['a.safetensors'], { gpu: 'none' }],
  ] as const)('refuses with %s when asked for %j and %j', (code, names, wish) => {
    expect(() => plan([...names], wish)).toThrow(expect.objectContaining({ kind: 'invalid', code }));
  });

  it('plans every accepted network when none is named', () => {
    writeFileSync(join(home, 'models.yaml'), 'accepted: [MIT]\n');
    expect(plan([], { quality: true }).map(({ name }) => name)).toEqual(['net']);
  });

  it('asks for a card before it asks for anything else', () => {
    writeFileSync(join(home, 'gpus.yaml'), '');
    expect(() => plan(['a.safetensors'])).toThrow(expect.objectContaining({ code: 'no_gpu' }));
  });

  it('lists which card has what, by its folder or by what its server lists', async () => {
    mkdirSync(join(home, 'models', 'loras'));
    writeFileSync(join(home, 'models', 'loras', 'twice.safetensors'), 'short');
    const list = await listModels(known());
    const states = Object.fromEntries(
      list.generation.map(({ folder, name, cards }) => [
        `${folder}/${name}`,
        Object.values(cards)
          .map(({ state }) => state)
          .join(' '),
      ]),
    );
    expect(states).toEqual({
      'vae/a.safetensors': 'missing missing missing',
      'vae/sub/listed.safetensors': 'missing missing present',
      'diffusion_models/big.gguf': 'missing missing present',
      'vae/twice.safetensors': 'missing missing missing',
      'loras/twice.safetensors': 'other_size other_size unknown',
    });
    expect(list.generation[1]?.cards['near']?.obstacle?.code).toBe('model_licence_not_accepted');
    expect(list.quality.map(({ id, state, obstacle }) => [id, state, obstacle?.code])).toEqual([
      ['net', 'missing', 'model_licence_not_accepted'],
      ['zipped', 'missing', 'model_format_refused'],
    ]);
    expect(list.unused_acceptances).toEqual(['Fare']);
    const text = describeModels(list, '/files').join('\n');
    for (const part of [
      'vae/a.safetensors  586 KiB, MIT',
      'missing (tower models fetch a.safetensors)',
      'by hand: its folder is out of reach',
      'ANOTHER FILE',
      'accepts "Fare", which is no licence',
    ])
      expect(text).toContain(part);
  });

  it('finds the shipped manifest whole, and the lines of the shipped example in it', async () => {
    const example = readFileSync(join(repositoryRoot, 'config', 'models.yaml'), 'utf8');
    const shown = example.split('\n').filter((line) => /^# (accepted:|families:| {2}\S)/.test(line));
    writeFileSync(join(home, 'models.yaml'), shown.map((line) => line.slice(2)).join('\n'));
    const store = ModelStore.read({
      ...environment(),
      TOWER_MODELS_MANIFEST: join(repositoryRoot, 'models', 'manifest.yaml'),
    });
    const quality = QualityModels.read(
      join(repositoryRoot, 'models', 'manifest.yaml'),
      join(home, 'files'),
      store.acceptance,
    );
    const list = await listModels({ store, quality, gpus: [] });
    expect(list.unused_acceptances).toEqual([]);
    expect(store.acceptance.families).toEqual({
      'ProteusV0.4.safetensors': 'sdxl',
      'SD15/some_xl_style.safetensors': 'sd15',
    });
    expect(list.generation.length).toBeGreaterThan(25);
    for (const { name, url, sha256 } of list.generation)
      if (!name.endsWith('.safetensors')) expect([name, url, sha256]).toEqual([name, null, null]);
  });

  it('brings an accepted network to its folder, and no other', async () => {
    const onnx = Buffer.from([0x08, 0x07]);
    site.content = onnx;
    const [entry] = known().quality.entries;
    const quality = (accepted: string[]) =>
      new QualityModels(
        [{ ...entry!, url: `${site.origin}/net.onnx`, sha256: site.sha256 }],
        join(home, 'files'),
        new ModelAcceptance(accepted),
      );
    const fetchNet = (models: QualityModels, isLicenceAccepted = false) =>
      models.fetch(models.entries[0]!, {
        isLicenceAccepted,
        onProgress: () => undefined,
        signal: new AbortController().signal,
      });
    try {
      await expect(fetchNet(quality(['other']))).rejects.toMatchObject({
        code: 'model_licence_not_accepted',
        message: expect.stringContaining(join(home, 'files', 'x', 'net.onnx')) as string,
      });
      expect(await fetchNet(quality(['net']))).toBe('fetched');
      expect(await fetchNet(quality([]), true)).toBe('present');
      expect(await quality([]).state(quality([]).entries[0]!)).toBe('present');
      expect(readFileSync(join(home, 'files', 'x', 'net.onnx')).equals(onnx)).toBe(true);
    } finally {
      site.content = content;
    }
  });

  it('says what it does in one JSON object per line', async () => {
    const lines: string[] = [];
    const report = fetchReport({
      json: true,
      terminal: new Terminal(new PassThrough() as unknown as NodeJS.WriteStream, {}),
      write: (line) => lines.push(line),
    });
    for (const file of plan(['a.safetensors']))
      await file
        .fetch((progress) => report.progress(file, progress), new AbortController().signal)
        .then(
          (outcome) => report.done(file, outcome),
          (error: unknown) => report.failed(file, error),
        );
    const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(told[0]).toMatchObject({
      event: 'progress',
      name: 'a.safetensors',
      on: 'near, same',
      phase: 'receiving',
      total_bytes: content.length,
    });
    expect(told.at(-2)).toEqual({ event: 'done', name: 'a.safetensors', on: 'near, same', outcome: 'fetched' });
    expect(told.at(-1)).toMatchObject({ event: 'failed', on: 'far', code: 'model_folder_unreachable' });
    expect(readFileSync(join(home, 'models', 'vae', 'a.safetensors')).equals(content)).toBe(true);
  });

  it('draws a bar that says how long it will take', () => {
    const file = { name: 'a.safetensors', destination: 'near' };
    expect(
      progressLine(file, {
        phase: 'receiving',
        receivedBytes: 50 * 1024 ** 2,
        totalBytes: 200 * 1024 ** 2,
        bytesPerSecond: 10 * 1024 ** 2,
      }),
    ).toBe('a.safetensors → near [######------------------]  25 % 50.0 MiB of 200 MiB, 10.0 MiB/s, 15 s left');
    expect(
      progressLine(file, {
        phase: 'waiting',
        receivedBytes: 0,
        totalBytes: null,
        bytesPerSecond: null,
        reason: 'status 503',
      }),
    ).toBe('a.safetensors → near 0 bytes, waiting: status 503');
  });

  it('stops at Ctrl-C with what came, and goes on from there', async () => {
    const part = join(home, 'models', 'vae', 'a.safetensors.part');
    site.answer(stallAfter(200_000), wholeFile);
    const command = (): ReturnType<typeof spawn> =>
      spawn(
        process.execPath,
        [
          '--require',
          join(repositoryRoot, 'libs', 'testing', 'src', 'register-typescript.cjs'),
          '-e',
          `require(${JSON.stringify(join(__dirname, '..', 'commands', 'models.ts'))}).modelsFetch({ names: ` +
            `['a.safetensors'], gpu: 'near', quality: false, acceptLicence: false, ` +
            `json: true }).then((code) => process.exit(code))`,
        ],
        { cwd: repositoryRoot, env: { ...process.env, ...environment() }, stdio: ['ignore', 'pipe', 'inherit'] },
      );
    const first = command();
    let told = '';
    first.stdout?.on('data', (chunk: Buffer) => (told += chunk.toString()));
    await waitFor(() => existsSync(part) && readFileSync(part).length === 200_000, 30_000);
    first.kill('SIGINT');
    expect(await once(first, 'exit')).toEqual([130, null]);
    expect(told).toContain('"event":"stopped"');
    expect(readdirSync(join(home, 'models', 'vae')).sort()).toEqual(['a.safetensors.part', 'a.safetensors.part.json']);
    expect(await once(command(), 'exit')).toEqual([0, null]);
    expect(site.asked.map(({ range }) => range)).toEqual([undefined, 'bytes=200000-']);
    expect(readdirSync(join(home, 'models', 'vae'))).toEqual(['a.safetensors']);
  });
});
