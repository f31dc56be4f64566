import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findFfmpeg } from '@tower/imaging';
import { describeNeeds } from '@tower/testing';
import sharp from 'sharp';
import { inventoryWithout } from '../card/model-inventory';
import { startComfySim, type ComfySimOptions, type RunningComfySim } from '../comfy-sim';
import { readText } from '../pictures/png';
import { recipeKeyword } from '../pictures/recipe-text';
import { endingInPictures, recipe, withInputs, type Graph } from '../replay/recipe-book';
import { failureOf, files, pictures, run, ticksOf, upload } from '../replay/test-client';

/**
 * What is real here: whole simulators on ports of their own, in this process, asked over HTTP. One for each set of
 * options.
 */
let home: string;
const running = new Map<string, Promise<RunningComfySim>>();

beforeAll(() => {
  home = mkdtempSync(path.join(tmpdir(), 'comfy-sim-recipes-'));
});

afterAll(async () => {
  for (const sim of running.values()) await (await sim).stop();
  rmSync(home, { recursive: true, force: true });
});

/** A picture that no simulator drew. */
const plain = (size = 96): Promise<Buffer> =>
  sharp({ create: { width: size, height: size, channels: 3, background: '#c08040' } })
    .png()
    .toBuffer();

async function boot(name: string, options: Partial<ComfySimOptions>): Promise<RunningComfySim> {
  const sim = await startComfySim({
    home: path.join(home, name),
    timeScale: 0,
    previewMethod: 'none',
    packs: true,
    ...options,
  });
  await upload(sim, 'still.png', await plain());
  await upload(sim, 'still.png', await plain(), 'job');
  await upload(sim, 'hero.png', await plain(), 'refs');
  return sim;
}

/** The simulator of this name, which has some pictures; its cache and its card are as the last test left them. */
function simulator(name: string, options: Partial<ComfySimOptions> = {}): Promise<RunningComfySim> {
  const sim = running.get(name) ?? boot(name, options);
  running.set(name, sim);
  return sim;
}

const small = { width: 64, height: 64, steps: 2, length: 9, num_frames: 9 };
const wan = (...patches: string[]): Graph => endingInPictures(recipe('e1_wan21_t2v', ...patches));
const hashes = (files: readonly Buffer[]): string[] =>
  files.map((file) => createHash('sha256').update(file).digest('hex'));

describe('the recipes', () => {
  it.each<[string, Graph]>([
    ['a still with a face as reference', recipe('a_faceid_still')],
    ['a still with a picture as reference', recipe('a_faceid_still', 'a2_ipadapter_still_patch')],
    ['a draft and its refinement', recipe('b_hires')],
    ['an upscaled picture', recipe('c_esrgan')],
    ['a loop of AnimateDiff', endingInPictures(recipe('d_animatediff_loop'))],
    ['a loop of AnimateDiff, second generation', endingInPictures(recipe('d_animatediff_loop', 'd2_gen2_patch'))],
    ['Wan 2.1 from a text', wan()],
    ['Wan 2.1 from a picture', wan('e2_wan21_i2v_patch')],
    ['Wan 2.2 in two stages', wan('e3_wan22_14b_two_stage_patch')],
    ['Wan 2.2 5B', wan('e4_wan22_5b_patch')],
    ['Wan between a first and a last picture', wan('e5_wan_flf_loop_patch')],
    ['CogVideoX from a picture', endingInPictures(recipe('f_cogvideox_i2v'))],
    ['Wan 2.1 from a quantised file', wan('e2_wan21_i2v_patch', 'h_gguf_wan_patch')],
  ])('%s runs to its end', async (_, graph) => {
    const sim = await simulator('faces everywhere', { faces: 'all' });
    const settled = await run(sim, withInputs(graph, small));
    expect(failureOf(settled)).toBeUndefined();
    expect(settled.status.status_str).toBe('success');
  });

  it('loads every kind of quantised file', async () => {
    const sim = await simulator('rtx3060');
    const loaders = recipe('h2_gguf_variants');
    const shown = Object.fromEntries(
      Object.keys(loaders).map((id) => [`end${id}`, { class_type: 'PreviewAny', inputs: { source: [id, 0] } }]),
    );
    expect(failureOf(await run(sim, { ...loaders, ...shown }))).toBeUndefined();
  });

  it('are unknown without the packs', async () => {
    const sim = await simulator('no packs', { packs: false });
    await expect(run(sim, endingInPictures(recipe('d_animatediff_loop')))).rejects.toThrow('does not exist');
  });

  it('also run on the newer server', async () => {
    const sim = await simulator('0.33', { generation: '0.33' });
    for (const graph of [endingInPictures(recipe('d_animatediff_loop')), wan('e5_wan_flf_loop_patch')]) {
      expect(failureOf(await run(sim, withInputs(graph, small)))).toBeUndefined();
    }
  });
});

describeNeeds(findFfmpeg(), 'ffmpeg')('the recipes, as films', () => {
  it.each<[string, Graph, string]>([
    ['Wan 2.1 from a text', recipe('e1_wan21_t2v'), '11'],
    ['CogVideoX from a picture', recipe('f_cogvideox_i2v'), '10'],
  ])('%s ends in a film', async (_, graph, node) => {
    const settled = await run(await simulator('rtx3060'), withInputs(graph, small));
    expect(failureOf(settled)).toBeUndefined();
    expect(Object.keys(settled.outputs)).toEqual([node]);
  });

  it('a loop of AnimateDiff has twice the frames after interpolation', async () => {
    const sim = await simulator('rtx3060');
    const loop = await run(sim, withInputs(recipe('d_animatediff_loop'), small));
    const [film] = await files(sim, loop, '9', 'gifs');
    await upload(sim, 'loop.mp4', film ?? Buffer.alloc(0));
    const { 6: _, ...smooth } = recipe('g_rife_loop');
    const settled = await run(sim, {
      ...smooth,
      6: { class_type: 'SaveImage', inputs: { images: ['5', 0], filename_prefix: 'smooth' } },
    });
    expect(failureOf(settled)).toBeUndefined();
    expect(settled.outputs['6']?.images).toHaveLength(32);
  });
});

describe('a film', () => {
  it('has the pictures that its latent frames stand for', async () => {
    const sim = await simulator('rtx3060');
    const settled = await run(sim, withInputs(wan('e2_wan21_i2v_patch'), { ...small, length: 12 }));
    expect(await pictures(sim, settled, 'end')).toHaveLength(9);
  });

  it('is the same for the same seed on every card, and another for another', async () => {
    const graph = (seed: number): Graph => withInputs(wan(), { ...small, length: 5, seed });
    const made: string[][] = [];
    for (const [seed, name] of [
      [1, 'rtx3060'],
      [1, 'rx9070xt'],
      [2, 'rtx3060'],
    ] as const) {
      const sim = await simulator(name, name === 'rx9070xt' ? { profile: name } : {});
      made.push(
        hashes(
          await pictures(
            sim,
            await run(sim, withInputs(graph(seed), { filename_prefix: `p${made.length}` })),
            'end',
          ).then((files) => Promise.all(files.map((file) => sharp(file).raw().toBuffer()))),
        ),
      );
    }
    expect(made[0]).toEqual(made[1]);
    expect(made[0]).not.toEqual(made[2]);
  });

  it('begins with the picture it was given', async () => {
    const sim = await simulator('rtx3060');
    const [first] = await pictures(sim, await run(sim, withInputs(wan('e2_wan21_i2v_patch'), small)), 'end');
    const { channels } = await sharp(first).stats();
    const [red, green, blue] = channels.map((channel) => channel.mean);
    expect([red, green, blue].map((value) => Math.round((value ?? 0) / 16))).toEqual([12, 8, 4]);
  });
});

describe('progress', () => {
  it('has a tick for each step, whatever the windows, and none while a film is decoded', async () => {
    const sim = await simulator('rtx3060');
    expect(
      await ticksOf(
        sim,
        withInputs(wan('e3_wan22_14b_two_stage_patch'), {
          ...small,
          steps: 4,
          end_at_step: 2,
          start_at_step: 0,
          noise_seed: 5,
        }),
      ),
    ).toEqual({ 8: 2, 108: 2 });
    const windowed = withInputs(endingInPictures(recipe('d_animatediff_loop')), {
      ...small,
      context_length: 8,
      seed: 5,
    });
    expect(await ticksOf(sim, windowed)).toEqual({ 7: 2 });
  });

  it('has three passes of tiles for a still', async () => {
    const graph = withInputs(recipe('b_hires'), { width: 64, height: 64, seed: 5 });
    expect(await ticksOf(await simulator('rtx3060'), graph)).toEqual({ 10: 14, 31: 20, 32: 3 });
  });
});

describe('memory', () => {
  const wide = { width: 832, height: 480, steps: 1 };
  const sampled = (graph: Graph): Graph => {
    const kept = Object.entries(graph).filter(
      ([, { class_type: name }]) => name !== 'VAEDecodeTiled' && name !== 'SaveImage',
    );
    return { ...Object.fromEntries(kept), end: { class_type: 'PreviewAny', inputs: { source: ['8', 0] } } };
  };
  const fp8 = sampled(wan('e2_wan21_i2v_patch'));

  it('is too small on 12 GB for 81 pictures of Wan 14B in fp8, and large enough on 16 GB', async () => {
    const [small12, large16] = [await simulator('rtx3060'), await simulator('rx9070xt', { profile: 'rx9070xt' })];
    const graph = withInputs(fp8, { ...wide, length: 81 });
    expect(failureOf(await run(small12, graph))).toEqual({
      node: 'KSampler',
      type: 'torch.OutOfMemoryError',
      message: 'Allocation on device ',
    });
    expect(failureOf(await run(large16, graph))).toBeUndefined();
  });

  it('suffices on 12 GB for a quantised file, fewer pictures and tiles', async () => {
    const sim = await simulator('rtx3060');
    const graph = withInputs(wan('e2_wan21_i2v_patch', 'h_gguf_wan_patch'), { ...wide, length: 33 });
    expect(failureOf(await run(sim, graph))).toBeUndefined();
  });

  it('is free again after it was too small', async () => {
    const sim = await simulator('rtx3060');
    await fetch(`${sim.url}/free`, { method: 'POST', body: '{"unload_models": true}' });
    const free = async (): Promise<number> => {
      const stats = (await (await fetch(`${sim.url}/system_stats`)).json()) as { devices: { vram_free: number }[] };
      return stats.devices[0]?.vram_free ?? 0;
    };
    const before = await free();
    await run(sim, withInputs(fp8, { ...wide, length: 33 }));
    expect(await free()).toBeLessThan(before - 8 * 1024 ** 3);
    await run(sim, withInputs(fp8, { ...wide, length: 81 }));
    expect(await free()).toBe(before);
  });

  it('is left alone by a text encoder that stays on the CPU', async () => {
    const sim = await simulator('rtx3060');
    const resident = async (): Promise<string[]> =>
      ((await (await fetch(`${sim.url}/sim/state`)).json()) as { residentModels: string[] }).residentModels;
    const texts = (device: string): Graph => ({
      2: {
        class_type: 'CLIPLoader',
        inputs: { clip_name: 'umt5_xxl_fp8_e4m3fn_scaled.safetensors', type: 'wan', device },
      },
      5: { class_type: 'CLIPTextEncode', inputs: { clip: ['2', 0], text: 'a tower' } },
      end: { class_type: 'PreviewAny', inputs: { source: ['5', 0] } },
    });
    await fetch(`${sim.url}/free`, { method: 'POST', body: '{"unload_models": true}' });
    await run(sim, texts('cpu'));
    expect(await resident()).toEqual([]);
    await run(sim, texts('default'));
    expect(await resident()).toEqual(['umt5_xxl_fp8_e4m3fn_scaled.safetensors (text)']);
  });

  it('holds no CogVideoX in full precision on 12 GB, but one in fp8, and on 16 GB both', async () => {
    const [sim, large16] = [await simulator('rtx3060'), await simulator('rx9070xt', { profile: 'rx9070xt' })];
    const graph = endingInPictures(recipe('f_cogvideox_i2v'));
    const shown: Graph = { ...graph, 9: { class_type: 'PreviewAny', inputs: { source: ['8', 0] } } };
    delete shown['end'];
    expect(failureOf(await run(sim, withInputs(shown, { steps: 1 })))).toMatchObject({
      node: 'CogVideoSampler',
      type: 'torch.OutOfMemoryError',
    });
    expect(failureOf(await run(sim, withInputs(shown, { steps: 1, quantization: 'fp8_e4m3fn' })))).toBeUndefined();
    expect(failureOf(await run(large16, withInputs(shown, { steps: 1 })))).toBeUndefined();
  });

  it('makes a still decode in tiles when it is short, and a film fail', async () => {
    const sim = await simulator('rtx3060');
    const still: Graph = {
      1: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'anime_sd15.safetensors' } },
      9: { class_type: 'EmptyLatentImage', inputs: { width: 2048, height: 2048, batch_size: 1 } },
      11: { class_type: 'VAEDecode', inputs: { samples: ['9', 0], vae: ['1', 2] } },
      end: { class_type: 'PreviewAny', inputs: { source: ['11', 0] } },
    };
    const film: Graph = {
      3: { class_type: 'VAELoader', inputs: { vae_name: 'wan_2.1_vae.safetensors' } },
      7: { class_type: 'EmptyHunyuanLatentVideo', inputs: { width: 1280, height: 720, length: 33, batch_size: 1 } },
      9: { class_type: 'VAEDecode', inputs: { samples: ['7', 0], vae: ['3', 0] } },
      end: { class_type: 'PreviewAny', inputs: { source: ['9', 0] } },
    };
    expect(failureOf(await run(sim, still))).toBeUndefined();
    expect(failureOf(await run(sim, film))).toMatchObject({ node: 'VAEDecode', type: 'torch.OutOfMemoryError' });
    const tiled = {
      ...film,
      9: {
        class_type: 'VAEDecodeTiled',
        inputs: {
          samples: ['7', 0],
          vae: ['3', 0],
          tile_size: 256,
          overlap: 64,
          temporal_size: 64,
          temporal_overlap: 8,
        },
      },
    };
    expect(failureOf(await run(sim, tiled))).toBeUndefined();
  });
});

describe('what does not go together', () => {
  const failing = async (graph: Graph): Promise<unknown> =>
    failureOf(await run(await simulator('rtx3060'), withInputs(graph, small)));
  const cog = endingInPictures(recipe('f_cogvideox_i2v'));
  const loop = endingInPictures(recipe('d_animatediff_loop'));

  it('a motion module and a checkpoint of another architecture', async () => {
    expect(await failing(withInputs(loop, { ckpt_name: 'anime_sdxl.safetensors' }))).toEqual({
      node: 'ADE_AnimateDiffLoaderGen1',
      type: 'MotionCompatibilityError',
      message: "Motion module 'v3_sd15_mm.ckpt' is intended for SD1.5 models, but the provided model is type SDXL.",
    });
  });

  it('more frames than a motion module sees, without windows', async () => {
    const long = withInputs(loop, { batch_size: 40 });
    const { context_options: _, ...unwindowed } = long['3']?.inputs ?? {};
    expect(
      await failing({ ...long, 3: { class_type: 'ADE_AnimateDiffLoaderGen1', inputs: unwindowed } }),
    ).toMatchObject({ node: 'KSampler', type: 'ValueError' });
  });

  it('texts of the core and the sampler of CogVideoX', async () => {
    const mixed: Graph = {
      ...cog,
      3: { class_type: 'CLIPTextEncode', inputs: { clip: ['2', 0], text: 'x' } },
      4: { class_type: 'CLIPTextEncode', inputs: { clip: ['2', 0], text: '' } },
    };
    expect(await failing(mixed)).toEqual({
      node: 'CogVideoSampler',
      type: 'AttributeError',
      message: "'list' object has no attribute 'shape'",
    });
  });

  it('the VAE of CogVideoX and the decoder of the core', async () => {
    const mixed: Graph = { ...cog, 9: { class_type: 'VAEDecode', inputs: { vae: ['1', 1], samples: ['8', 0] } } };
    expect(await failing(mixed)).toMatchObject({ node: 'VAEDecode', type: 'AttributeError' });
  });

  it('a picture and a CogVideoX that takes none, and the other way round', async () => {
    const { image_cond_latents: _, ...withoutPicture } = cog['8']?.inputs ?? {};
    expect(await failing({ ...cog, 8: { class_type: 'CogVideoSampler', inputs: withoutPicture } })).toMatchObject({
      type: 'AssertionError',
    });
    const named = (name: string): Graph => ({
      ...cog,
      1: { class_type: 'DownloadAndLoadCogVideoModel', inputs: { ...cog['1']?.inputs, model: name } },
    });
    expect(await failing(named('THUDM/CogVideoX-2b'))).toMatchObject({ type: 'AssertionError' });
  });

  it('texts of SD1.5 and Wan', async () => {
    const mixed: Graph = {
      ...wan(),
      2: {
        class_type: 'CLIPLoader',
        inputs: { clip_name: 'clip_l.safetensors', type: 'stable_diffusion', device: 'default' },
      },
    };
    expect(await failing(mixed)).toMatchObject({ node: 'KSampler', type: 'RuntimeError' });
  });

  it('a scaled text encoder and a quantised one', async () => {
    const mixed: Graph = {
      1: {
        class_type: 'DualCLIPLoaderGGUF',
        inputs: { clip_name1: 'umt5_xxl_fp8_e4m3fn_scaled.safetensors', clip_name2: 't5xxl.gguf', type: 'flux' },
      },
      2: { class_type: 'PreviewAny', inputs: { source: ['1', 0] } },
    };
    expect(await failing(mixed)).toMatchObject({ type: 'NotImplementedError' });
  });
});

describe('a reference', () => {
  it('without a face fails the face adapter, and one that was drawn here does not', async () => {
    const sim = await simulator('rtx3060');
    const graph = withInputs(recipe('a_faceid_still'), small);
    expect(failureOf(await run(sim, graph))).toEqual({
      node: 'IPAdapterFaceID',
      type: 'Exception',
      message: 'InsightFace: No face detected.',
    });
    const [drawn] = await pictures(sim, await run(sim, withInputs(recipe('b_hires'), small)), '33');
    await upload(sim, 'drawn.png', drawn ?? Buffer.alloc(0), 'refs');
    const known = { ...graph, 6: { class_type: 'LoadImage', inputs: { image: 'refs/drawn.png' } } };
    const [still] = await pictures(sim, await run(sim, known), '12');
    expect(JSON.parse(readText(still ?? Buffer.alloc(0)).get(recipeKeyword) ?? '{}')).toMatchObject({
      references: [{ weight: 0.8, scope: 'face', recipe: { positive: '...' } }],
    });
  });

  it.each([
    ['clip_vision', 'ClipVision model not found.'],
    ['ipadapter', 'IPAdapter model not found.'],
    ['loras', 'LoRA model not found.'],
  ])('fails at run time without the files of %s', async (folder, message) => {
    const sim = await simulator(`without ${folder}`, {
      models: { ...inventoryWithout([folder]), ...(folder === 'loras' ? { loras: ['style.safetensors'] } : {}) },
    });
    expect(failureOf(await run(sim, withInputs(recipe('a_faceid_still'), small)))).toEqual({
      node: 'IPAdapterUnifiedLoaderFaceID',
      type: 'Exception',
      message,
    });
  });
});
