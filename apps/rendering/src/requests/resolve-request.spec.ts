// Real: the workflow library, pictures in a folder, sharp, ffmpeg. Played: the table of artifacts.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateRequest, type GenerateRequest } from '@tower/contracts';
import { findFfmpeg, sha256File } from '@tower/imaging';
import { AppError, newId, repositoryRoot } from '@tower/kit';
import { Library } from '@tower/library';
import { itNeeds } from '@tower/testing';
import sharp from 'sharp';
import type { EntityManager } from 'typeorm';
import type { Artifact } from '../jobs/artifact.entity';
import { Catalogue } from '../workflows/catalogue';
import type { KnownChoices } from '../workflows/values/resolve-values';
import { InputFiles } from './input-files';
import { assemblePrompt, type PromptPart } from './prompt-reading';
import { resolveRequest, type ResolvedRequest } from './resolve-request';

const withFfmpeg = itNeeds(findFfmpeg(), 'ffmpeg');
const artifactId = newId();

let folder: string;
let files: InputFiles;
let workflows: Catalogue;
let artifact: Partial<Artifact>;

const picture = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#336699' } });
const tx = {
  findOneBy: (_entity: unknown, { id }: { id: string }) => Promise.resolve(id === artifactId ? artifact : null),
} as unknown as EntityManager;

beforeAll(async () => {
  workflows = await Catalogue.read(join(repositoryRoot, 'workflows'));
  folder = mkdtempSync(join(tmpdir(), 'tower-request-'));
  const root = join(folder, 'library');
  mkdirSync(join(root, 'night-train'), { recursive: true });
  mkdirSync(join(root, '.thumbnails'));
  files = new InputFiles(new Library(root), {
    script: join(repositoryRoot, 'apps', 'rendering', 'dist', 'requests', 'input-process.js'),
  });
  await picture(300, 200)
    .png()
    .toFile(join(root, 'night-train', 'hero.png'));
  await picture(64, 64)
    .png()
    .toFile(join(root, '.thumbnails', 'own.png'));
  await picture(64, 64).png().toFile(join(folder, 'secret.png'));
  writeFileSync(join(root, 'night-train', 'notes.png'), 'no picture at all');
  symlinkSync(join(folder, 'secret.png'), join(root, 'night-train', 'link.png'));
  artifact = {
    id: artifactId,
    path: 'night-train/hero.png',
    sha256: await sha256File(join(root, 'night-train', 'hero.png')),
  };
});
afterAll(async () => {
  await files.onApplicationShutdown();
  rmSync(folder, { recursive: true });
});

const known: KnownChoices = {
  checkpoints: ['anime_sd15.safetensors'],
  samplers: ['euler', 'dpmpp_2m', 'euler_ancestral'],
  schedulers: ['normal', 'karras'],
  models: {
    checkpoints: ['anime_sd15.safetensors'],
    loras: ['style.safetensors'],
    controlnet: ['control_v11p_sd15_openpose.pth', 'control_v11p_sd15_lineart.pth'],
    animatediff_models: ['v3_sd15_mm.ckpt'],
    upscale_models: ['RealESRGAN_x4plus_anime_6B.pth'],
  },
};

function plan(
  workflow: string,
  body: Partial<GenerateRequest> = {},
  choices = known,
  inputs = files,
  characters: PromptPart[] = [],
): Promise<ResolvedRequest> {
  const request = generateRequest.parse({
    project_id: newId(),
    job_type: workflows.get(workflow).file.job_type,
    prompt: 'at the window',
    ...body,
  });
  return resolveRequest(
    tx,
    inputs,
    workflows.get(workflow),
    { request, prompt: assemblePrompt(request, characters), seed: request.seed ?? 7 },
    choices,
  );
}

/** Which fields are refused, with what is said about each. */
async function refused(
  workflow: string,
  body: Partial<GenerateRequest>,
  choices = known,
  inputs = files,
): Promise<Record<string, string>> {
  try {
    await plan(workflow, body, choices, inputs);
  } catch (error) {
    if (error instanceof AppError)
      return Object.fromEntries((error.options.fields ?? []).map(({ pointer, message }) => [pointer, message]));
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('the plan of a loop', () => {
  it('promises size, frames and speed of what was asked', async () => {
    const { values, promised } = await plan('loop-animatediff', {
      preset: 'draft',
      frame_count: 24,
      fps: 12,
      seed: 9,
      parameters: { interpolation: 2 },
    });
    expect(promised).toEqual({ width: 256, height: 256, frames: 48, fps: 12, sound: false });
    expect(values).toMatchObject({
      prompt: 'at the window',
      frame_count: 24,
      fps: 12,
      interpolation: 2,
      seed: 9,
      motion_model: 'v3_sd15_mm.ckpt',
    });
  });

  it('refuses a picture that its decoder dies of, and lives on', async () => {
    const script = join(folder, 'dying.cjs');
    writeFileSync(script, "process.on('message', () => process.kill(process.pid, 'SIGSEGV'));");
    const dying = new InputFiles(new Library(join(folder, 'library')), { script });
    const said = await refused(
      'loop-animatediff',
      { controlnet_models: [{ name: 'control_v11p_sd15_lineart.pth', image: 'night-train/hero.png', strength: 1 }] },
      known,
      dying,
    );
    expect(Object.values(said)).toEqual(["cannot be decoded: the decoder's process ended (SIGSEGV)"]);
    await dying.onApplicationShutdown();
  });

  it('takes LoRAs, references and ControlNets with the pictures that they need', async () => {
    const { parts, images } = await plan('loop-animatediff', {
      lora_models: ['style.safetensors', { name: 'style.safetensors', strength: 0.5 }],
      ipadapter_refs: [artifactId, { image: 'night-train/hero.png', kind: 'faceid', weight: 0.4 }],
      ipadapter_weight: 1.1,
      controlnet_models: [{ name: 'control_v11p_sd15_lineart.pth', image: 'night-train/hero.png', strength: 0.6 }],
      pose_reference: 'night-train/hero.png',
    });
    expect(parts).toEqual({
      loras: [
        { file: 'style.safetensors', strengthModel: 1, strengthClip: 1 },
        { file: 'style.safetensors', strengthModel: 0.5, strengthClip: 0.5 },
      ],
      references: [
        { kind: 'ipadapter', image: 'reference-1', weight: 1.1, start: 0, end: 0.9 },
        { kind: 'faceid', image: 'reference-2', weight: 0.4, start: 0, end: 0.9 },
      ],
      controlnets: [
        { file: 'control_v11p_sd15_lineart.pth', image: 'control-1', strength: 0.6, start: 0, end: 1 },
        { file: 'control_v11p_sd15_openpose.pth', image: 'pose', strength: 1, start: 0, end: 1 },
      ],
    });
    expect(Object.keys(images).sort()).toEqual(['control-1', 'pose', 'reference-1', 'reference-2']);
    for (const image of Object.values(images))
      expect(image).toEqual({ path: 'night-train/hero.png', sha256: artifact.sha256 });
  });

  it('leaves references out when nobody wants them used', async () => {
    const { parts, images } = await plan('loop-animatediff', {
      ipadapter_refs: ['night-train/hero.png'],
      use_ipadapter: false,
    });
    expect([parts.references, images]).toEqual([[], {}]);
  });
});

describe('a request is refused', () => {
  it.each<[string, string, Partial<GenerateRequest>, string, RegExp]>([
    [
      'a LoRA that no card has',
      'loop-animatediff',
      { lora_models: [{ name: 'hero.safetensors', strength: 1 }] },
      '/lora_models/0/name',
      /not on any card; models\/loras has style/,
    ],
    [
      'a plain LoRA that no card has',
      'loop-animatediff',
      { lora_models: ['style.safetensors', 'hero.safetensors'] },
      '/lora_models/1',
      /not on any card/,
    ],
    [
      'a ControlNet that no card has',
      'loop-animatediff',
      { controlnet_models: [{ name: 'x.pth', image: artifactId, strength: 1 }] },
      '/controlnet_models/0/name',
      /not on any card/,
    ],
    [
      'an artifact that is not there',
      'loop-animatediff',
      { ipadapter_refs: [newId()] },
      '/ipadapter_refs/0',
      /there is no artifact/,
    ],
    [
      'a file that is not there',
      'loop-animatediff',
      { ipadapter_refs: ['night-train/none.png'] },
      '/ipadapter_refs/0',
      /there is no file/,
    ],
    [
      'a file that is no picture',
      'loop-animatediff',
      { ipadapter_refs: [{ image: 'night-train/notes.png', kind: 'ipadapter' }] },
      '/ipadapter_refs/0/image',
      /no picture that can be read/,
    ],
    [
      'a path out of the library',
      'loop-animatediff',
      { pose_reference: '../secret.png' },
      '/pose_reference',
      /does not lie in the library/,
    ],
    [
      'an absolute path',
      'loop-animatediff',
      { pose_reference: '/etc/hostname' },
      '/pose_reference',
      /does not lie in the library/,
    ],
    [
      'a link out of the library',
      'loop-animatediff',
      { pose_reference: 'night-train/link.png' },
      '/pose_reference',
      /does not lie in the library/,
    ],
    [
      'a file of Tower itself',
      'loop-animatediff',
      { pose_reference: '.thumbnails/own.png' },
      '/pose_reference',
      /does not lie in the library/,
    ],
    ['too many frames', 'loop-animatediff', { frame_count: 100 }, '/frame_count', /between 8 and 64/],
    ['frames of a still', 'anime-still-sd15', { frame_count: 16 }, '/frame_count', /no such parameter/],
    [
      'an unknown parameter',
      'loop-animatediff',
      { parameters: { wings: 2 } },
      '/parameters/wings',
      /no such parameter/,
    ],
    [
      'a wrong parameter',
      'loop-animatediff',
      { parameters: { interpolation: 9 } },
      '/parameters/interpolation',
      /between 1 and 4/,
    ],
    [
      'a field that is given as a parameter too',
      'loop-animatediff',
      { width: 512, parameters: { width: 256 } },
      '/parameters/width',
      /field of the request/,
    ],
    ['a weight for nothing', 'loop-animatediff', { ipadapter_weight: 0.5 }, '/ipadapter_weight', /weighs nothing/],
    [
      'references that are wanted and not given',
      'loop-animatediff',
      { use_ipadapter: true },
      '/ipadapter_refs',
      /is needed/,
    ],
    [
      'a start picture for what has none',
      'loop-animatediff',
      { start_image: artifactId },
      '/start_image',
      /takes none/,
    ],
    ['a blank prompt', 'loop-animatediff', { prompt: ' ' }, '/prompt', /must not be blank/],
    [
      'a still of a workflow for films',
      'loop-animatediff',
      { job_type: 'still_image' },
      '/job_type',
      /makes films; its own job type is animation_loop/,
    ],
    ['a prompt for what reads none', 'upscale-esrgan', { start_image: artifactId }, '/prompt', /no such parameter/],
    ['no picture for what works on one', 'upscale-esrgan', { prompt: '' }, '/start_image', /is needed/],
    [
      'several results of what has no seed',
      'upscale-esrgan',
      { prompt: '', start_image: artifactId, count: 2 },
      '/count',
      /no seed/,
    ],
    [
      'LoRAs of what takes none',
      'upscale-esrgan',
      { prompt: '', start_image: artifactId, lora_models: ['style.safetensors'] },
      '/lora_models',
      /takes no LoRA/,
    ],
  ])('for %s', async (_what, workflow, body, pointer, message) => {
    expect((await refused(workflow, body))[pointer]).toMatch(message);
  });

  withFfmpeg('for a still where a film is needed', async () => {
    expect(
      (await refused('interpolate-rife', { prompt: '', parameters: { start_film: artifactId } }))[
        '/parameters/start_film'
      ],
    ).toMatch(/must be a film/);
  });

  it('with every wrong field at once', async () => {
    const fields = await refused('loop-animatediff', {
      frame_count: 2,
      lora_models: ['x'],
      ipadapter_refs: ['y.png'],
      parameters: { wings: 1 },
    });
    expect(Object.keys(fields).sort()).toEqual([
      '/frame_count',
      '/ipadapter_refs/0',
      '/lora_models/0',
      '/parameters/wings',
    ]);
  });

  it('when the file of an artifact is not the one that was recorded', async () => {
    const recorded = artifact.sha256;
    artifact.sha256 = 'f'.repeat(64);
    expect((await refused('loop-animatediff', { ipadapter_refs: [artifactId] }))['/ipadapter_refs/0']).toMatch(
      /not the one that was recorded/,
    );
    Object.assign(artifact, { sha256: recorded });
  });

  it('not for files while no card has ever said what it has', async () => {
    const { parts } = await plan(
      'loop-animatediff',
      { lora_models: ['any.safetensors'], pose_reference: artifactId },
      {},
    );
    expect([parts.loras.length, parts.controlnets[0]?.file]).toEqual([1, 'control_v11p_sd15_openpose.pth']);
  });
});

describe('names of files', () => {
  const windows = {
    checkpoints: ['SD15\\anime_sd15.safetensors', 'SDXL\\ProteusV0.4.safetensors'],
    models: {
      checkpoints: ['SD15\\anime_sd15.safetensors', 'SDXL\\ProteusV0.4.safetensors'],
      loras: ['styles\\ink.safetensors', 'a\\twin.pt', 'b\\twin.pt'],
      embeddings: ['neg\\easy.pt'],
    },
  };
  const linux = {
    checkpoints: ['SD15/anime_sd15.safetensors'],
    models: { checkpoints: ['SD15/anime_sd15.safetensors'], loras: ['styles/ink.safetensors'], embeddings: [] },
  };
  const two: KnownChoices = {
    ...known,
    checkpoints: ['SD15/anime_sd15.safetensors', 'SDXL/ProteusV0.4.safetensors'],
    models: {
      ...known.models,
      checkpoints: ['SD15/anime_sd15.safetensors', 'SDXL/ProteusV0.4.safetensors'],
      loras: ['styles/ink.safetensors'],
      embeddings: ['neg/easy.pt'],
    },
    cards: [windows, linux],
  };

  it.each(['SD15\\anime_sd15.safetensors', 'SD15/anime_sd15.safetensors', 'anime_sd15.safetensors', 'anime_sd15'])(
    'are one, whether a request writes %s',
    async (name) => {
      const { values, parts } = await plan(
        'anime-still-sd15',
        { model_name: name, lora_models: ['styles\\ink.safetensors'] },
        two,
      );
      expect([values['model_name'], parts.loras[0]?.file]).toEqual([
        'SD15/anime_sd15.safetensors',
        'styles/ink.safetensors',
      ]);
      expect((await plan('anime-still-sd15', {}, two)).values['model_name']).toBe('SD15/anime_sd15.safetensors');
    },
  );

  it('are refused where they may mean several files, naming them', async () => {
    expect((await refused('anime-still-sd15', { lora_models: ['twin.pt'] }, two))['/lora_models/0']).toBe(
      'twin.pt may mean a/twin.pt or b/twin.pt of models/loras: name it with its folder',
    );
  });

  it('say of what family a checkpoint is only as long as nobody states it', async () => {
    const named = { model_name: 'ProteusV0.4.safetensors' };
    expect((await plan('anime-still-sdxl', named, two)).warnings).toEqual([]);
    expect(Object.values(await refused('anime-still-sd15', named, two))).toEqual([
      expect.stringContaining('"model_family": "sd15" in the request'),
    ]);
    const { warnings, parts } = await plan('anime-still-sd15', { ...named, model_family: 'sd15' }, two);
    expect([warnings[0], parts.family]).toEqual([expect.stringContaining('its name hints at an SDXL one'), 'sd15']);
    const stated = { ...two, families: { 'SDXL/ProteusV0.4.safetensors': 'sd15' as const } };
    expect(Object.values(await refused('anime-still-sdxl', named, stated))).toEqual([
      expect.stringContaining('as its file, config/models.yaml or the request says'),
    ]);
    expect(Object.values(await refused('anime-still-sdxl', { model_family: 'sdxl' }, two))).toEqual([
      'says what model_name is: name that too',
    ]);
    expect(
      (await refused('video-wan21-t2v', { model_family: 'sdxl', model_name: 'wan2.1_t2v_1.3B_fp16.safetensors' }, two))[
        '/model_family'
      ],
    ).toMatch(/is for checkpoints/);
  });
});

describe('what a prompt names', () => {
  it('is applied as LoRAs, and named once with one weight', async () => {
    const { values, parts } = await plan('anime-still-sd15', {
      prompt: 'a girl, <lora:style:0.8>',
      negative_prompt: '<lora:style:0.8>',
    });
    expect([values['prompt'], parts.loras]).toEqual([
      'a girl',
      [{ file: 'style.safetensors', strengthModel: 0.8, strengthClip: 0.8 }],
    ]);
    expect(
      await refused('anime-still-sd15', { prompt: 'x <lora:style:0.8>', lora_models: ['style.safetensors'] }),
    ).toEqual({ '/prompt': expect.stringContaining('with the weight 1 elsewhere') as string });
  });

  it.each<[string, string, Partial<GenerateRequest>, string, RegExp]>([
    [
      'a LoRA that no card has',
      'anime-still-sd15',
      { prompt: 'x <lora:stile:1>' },
      '/prompt',
      /stile is not on any card; models\/loras has style/,
    ],
    [
      'a LoRA where the workflow takes none',
      'video-cogvideox',
      { prompt: 'x <lora:style:1>' },
      '/prompt',
      /has <lora:style:1>, and workflow video-cogvideox takes no LoRA/,
    ],
    ['alternatives that do not end', 'anime-still-sd15', { prompt: '{a|b' }, '/prompt', /has a \{ without its \}/],
    ['nothing but a LoRA', 'anime-still-sd15', { prompt: '<lora:style>' }, '/prompt', /must not be blank/],
    [
      'a LoRA in a further text',
      'character-sheet',
      { parameters: { sheet_prompt: '<lora:none>' } },
      '/parameters/sheet_prompt',
      /none is not on any card/,
    ],
    [
      'an embedding that no card has',
      'anime-still-sd15',
      { negative_prompt: '(embedding:hard:1.2), x' },
      '/negative_prompt',
      /calls for embedding:hard: hard is not on any card; models\/embeddings has easy\.pt/,
    ],
  ])('is refused: %s', async (_what, workflow, body, pointer, message) => {
    expect(
      (await refused(workflow, body, { ...known, models: { ...known.models, embeddings: ['easy.pt'] } }))[pointer],
    ).toMatch(message);
  });

  it('is no matter to a workflow that reads no prompt, where a character brings it', async () => {
    const character = { prompt: '<lora:none:1> {', negative_tokens: [] };
    expect(
      (await plan('upscale-esrgan', { prompt: '', start_image: artifactId }, known, files, [character])).parts.loras,
    ).toEqual([]);
    await expect(plan('anime-still-sd15', {}, known, files, [character])).rejects.toMatchObject({
      message: expect.stringContaining('none is not on any card') as string,
    });
  });

  it('stays in the text where it is chosen for each result', async () => {
    expect((await plan('anime-still-sd15', { prompt: 'a {blue|red} hat' })).values['prompt']).toBe('a {blue|red} hat');
  });
});

describe('what is only worked on', () => {
  it('keeps its proportions when it is enlarged, unless the request says otherwise', async () => {
    expect((await plan('upscale-esrgan', { prompt: '', start_image: artifactId })).promised).toEqual({
      width: 1536,
      height: 1024,
      frames: 1,
      fps: null,
      sound: false,
    });
    expect(
      (await plan('upscale-esrgan', { prompt: '', start_image: artifactId, width: 512, height: 512 })).promised,
    ).toMatchObject({ width: 512, height: 512 });
  });

  withFfmpeg('keeps its size, frames and pace when frames are put in between', async () => {
    const path = join(folder, 'library', 'night-train', 'loop.mp4');
    expect(
      spawnSync(findFfmpeg()!, [
        '-y',
        '-loglevel',
        'error',
        '-f',
        'lavfi',
        '-i',
        'testsrc=s=96x64:r=8:d=2',
        '-c:v',
        'mpeg4',
        path,
      ]).status,
    ).toBe(0);
    const { promised, images } = await plan('interpolate-rife', { prompt: '', start_image: 'night-train/loop.mp4' });
    expect(promised).toEqual({ width: 96, height: 64, frames: 32, fps: 16, sound: false });
    expect(images).toMatchObject({ start_film: { path: 'night-train/loop.mp4' } });
  });
});
