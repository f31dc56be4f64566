import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GenerationModel } from '@tower/contracts';
import { claimFile } from '@tower/kit';
import { FileServer, safetensors, wholeFile } from '@tower/testing';
import { ModelAcceptance } from './model-acceptance';
import { ModelStore, type ModelCard } from './model-store';

describe('ModelStore', () => {
  let server: FileServer;
  let home: string;
  let gpu: ModelCard;
  let model: GenerationModel;

  beforeAll(async () => {
    server = await FileServer.start(safetensors(5_000));
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'tower-models-'));
    gpu = { name: 'rtx3060', url: 'http://127.0.0.1:8188', models_folder: join(home, 'models') };
    mkdirSync(join(home, 'models'));
    server.answer(wholeFile);
    model = {
      name: 'wan/a.safetensors',
      folder: 'diffusion_models',
      url: `${server.origin}/a.safetensors`,
      source: 'https://example.org/wan',
      sha256: server.sha256,
      bytes: server.content.length,
      licence: 'Apache-2.0',
      needs_acceptance: false,
    };
  });
  afterEach(() => rmSync(home, { recursive: true }));

  const storeOf = (changes: Partial<GenerationModel> = {}, accepted: string[] = []): ModelStore =>
    new ModelStore([{ ...model, ...changes }], new ModelAcceptance(accepted), { spareBytes: 0, firstBackoffMs: 1 });
  const refusal = (store: ModelStore, name = model.name, card = gpu): Promise<{ code: string; message: string }> =>
    store.ensure(card, 'diffusion_models', name).then(
      (outcome) => ({ code: outcome, message: '' }),
      (error: unknown) => error as { code: string; message: string },
    );

  it('puts a missing file into the folder of the card, once', async () => {
    const store = storeOf();
    expect(await store.ensure(gpu, 'diffusion_models', 'wan/a.safetensors')).toBe('fetched');
    expect(readFileSync(join(home, 'models', 'diffusion_models', 'wan', 'a.safetensors')).equals(server.content)).toBe(
      true,
    );
    expect(await store.ensure(gpu, 'diffusion_models', 'wan/a.safetensors')).toBe('present');
    expect(server.asked).toHaveLength(1);
  });

  it('knows a folder by its old names and a file by the name that a Windows server gives it', () => {
    const store = storeOf();
    for (const folder of ['unet', 'diffusion_models', 'unet_gguf'])
      expect(store.sourceOf(folder, 'wan\\a.safetensors')).toMatchObject({ source: 'https://example.org/wan' });
    expect(store.sourceOf('checkpoints', 'wan/a.safetensors')).toBeUndefined();
    expect(store.place(gpu, 'unet', 'wan\\a.safetensors')).toBe(
      join(home, 'models', 'diffusion_models', 'wan', 'a.safetensors'),
    );
  });

  it.each([
    '../a.safetensors',
    '/etc/a.safetensors',
    'a/../../b.safetensors',
    '..\\..\\a.safetensors',
    'a\u0000.safetensors',
    'C:\\a.safetensors',
    '',
  ])('places nothing under the name %j', (name) => {
    expect(storeOf().place(gpu, 'checkpoints', name)).toBeUndefined();
    expect(storeOf().place(gpu, name, 'a.safetensors')).toBeUndefined();
  });

  it.each([
    ['model_source_unknown', {}, 'unknown.safetensors'],
    ['model_source_unconfirmed', { sha256: null }, undefined],
    ['model_source_unconfirmed', { url: null }, undefined],
    ['model_format_refused', { name: 'v3_sd15_mm.ckpt' }, 'v3_sd15_mm.ckpt'],
    ['model_format_refused', { name: 'wan.gguf' }, 'wan.gguf'],
    ['model_licence_not_accepted', { needs_acceptance: true }, undefined],
    ['download_digest_mismatch', { sha256: 'a'.repeat(64) }, undefined],
  ] as const)('refuses with %s, and names the file, its folder and its source', async (code, changes, name) => {
    const { message, ...error } = await refusal(storeOf(changes), name);
    expect(error.code).toBe(code);
    expect(message).toContain(
      `${name ?? 'wan/a.safetensors'} belongs into ${join(home, 'models', 'diffusion_models')}`,
    );
    expect(message).toContain(
      code === 'model_source_unknown' ? 'source: not known' : 'source: https://example.org/wan',
    );
    expect(existsSync(join(home, 'models', 'diffusion_models', name ?? 'wan/a.safetensors'))).toBe(false);
  });

  it('names the server where the folder of a card cannot be reached by path', async () => {
    const { models_folder: _, ...remote } = gpu;
    expect(await refusal(storeOf(), undefined, remote)).toMatchObject({
      code: 'model_folder_unreachable',
      message: expect.stringContaining(
        'wan/a.safetensors belongs into models/diffusion_models of rtx3060 ' +
          '(http://127.0.0.1:8188); source: https://example.org/wan',
      ) as string,
    });
  });

  it('makes no models folder on the disk below one that is not mounted', async () => {
    const away = join(home, 'mnt', 'models');
    expect(await refusal(storeOf(), undefined, { ...gpu, models_folder: away })).toMatchObject({
      code: 'model_folder_unreachable',
    });
    expect(existsSync(away)).toBe(false);
  });

  it('says how a file stands: absent, being fetched by some process, or there', async () => {
    const store = storeOf();
    const standing = () => store.standing(gpu, 'unet', 'wan\\a.safetensors');
    expect(await standing()).toBe('absent');
    const place = join(home, 'models', 'diffusion_models', 'wan', 'a.safetensors');
    const outcome = await claimFile(`${place}.lock`, { isShared: true });
    expect(await standing()).toBe('arriving');
    if ('claim' in outcome) outcome.claim.release();
    expect(await standing()).toBe('absent');
    writeFileSync(place, 'mine');
    expect(await standing()).toBe('present');
    expect(await store.standing({ name: 'remote', url: gpu.url }, 'unet', 'wan/a.safetensors')).toBe('absent');
  });

  it('is hindered by a folder that is not mounted, and by nothing once it is', async () => {
    const late = { ...gpu, models_folder: join(home, 'mnt') };
    const hindrance = await storeOf().hindrance(late, 'diffusion_models', model.name);
    expect(hindrance).toMatchObject({ code: 'model_folder_unreachable' });
    mkdirSync(join(home, 'mnt'));
    expect(await storeOf().hindrance(late, 'diffusion_models', model.name)).toBeUndefined();
  });

  it('takes a file that is there although nobody knows its digest', async () => {
    mkdirSync(join(home, 'models', 'diffusion_models'));
    writeFileSync(join(home, 'models', 'diffusion_models', 'mine.safetensors'), 'mine');
    expect((await refusal(storeOf(), 'mine.safetensors')).code).toBe('present');
    expect((await refusal(storeOf({ name: 'mine.safetensors', sha256: null }), 'mine.safetensors')).code).toBe(
      'present',
    );
  });

  it.each([
    ['the licence', 'Apache-2.0'],
    ['the file', 'wan/a.safetensors'],
    ['folder and file', 'diffusion_models/wan/a.safetensors'],
  ])('fetches what needs acceptance when %s is accepted', async (_, line) => {
    expect((await refusal(storeOf({ needs_acceptance: true }, [line]))).code).toBe('fetched');
  });

  it('fetches what needs acceptance when it is accepted for this call', async () => {
    const store = storeOf({ needs_acceptance: true }, ['another licence']);
    expect(await store.ensure(gpu, 'unet', model.name, undefined, { isLicenceAccepted: true })).toBe('fetched');
  });

  it('turns a folder that cannot be written into a sentence', async () => {
    writeFileSync(join(home, 'models', 'diffusion_models'), 'a file where a folder should be');
    expect(await refusal(storeOf())).toMatchObject({
      code: 'download_failed',
      message: expect.stringContaining('cannot be written') as string,
    });
  });
});
