import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '@tower/kit';
import { Catalogue } from './catalogue';
import type { CandidateCard } from './compatibility/compatibility';

let library: Catalogue;
beforeAll(async () => {
  library = await Catalogue.read(join(repositoryRoot, 'workflows'));
});

const everyClass = (): string[] => [
  ...new Set(library.all().flatMap(({ graph }) => Object.values(graph).map((node) => node.class_type))),
];
const card = (more: Partial<CandidateCard> = {}): CandidateCard => ({
  name: 'rtx3060',
  isUsable: true,
  memoryMb: 12_288,
  nodes: everyClass(),
  checkpoints: ['anime_sd15.safetensors'],
  ...more,
});
const chosen = (jobType: string, wish: Parameters<Catalogue['defaultFor']>[1] = {}): string =>
  library.defaultFor(jobType, wish).file.name;

describe('WorkflowLibrary', () => {
  it('names the known ones when asked for another', () => {
    expect(() => library.get('anime-still-sd99')).toThrow(
      expect.objectContaining({
        code: 'workflow_unknown',
        message: expect.stringContaining('anime-still-sd15') as string,
      }),
    );
  });

  it.each(['0', '1.5', '9', 'two'])(
    'is not read with %s passes per step, and says what there may be',
    async (passes) => {
      const folder = mkdtempSync(join(tmpdir(), 'tower-catalogue-'));
      try {
        const name = 'anime-still-sd15';
        cpSync(join(repositoryRoot, 'workflows', name), join(folder, name), { recursive: true });
        appendFileSync(join(folder, name, 'workflow.yaml'), `\npasses_per_step: ${passes}\n`);
        await expect(Catalogue.read(folder)).rejects.toMatchObject({
          code: 'workflow_malformed',
          message: expect.stringMatching(/workflow anime-still-sd15.*passes_per_step.*/s) as string,
        });
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );

  it('has a default for every job type, and says so where there is none', () => {
    expect(['still_image', 'animation_loop', 'full_video', 'character_sheet'].map((type) => chosen(type))).toEqual([
      'anime-still-sd15',
      'loop-animatediff',
      'video-wan21-t2v',
      'character-sheet',
    ]);
    expect(() => chosen('opera')).toThrow(expect.objectContaining({ code: 'job_type_unsupported' }));
  });

  it('chooses another one for a picture to begin with', () => {
    expect(chosen('animation_loop', { startImage: true })).toBe('loop-first-last-frame');
    expect(chosen('full_video', { startImage: true })).toBe('video-wan22-5b');
    expect(() => chosen('still_image', { startImage: true })).toThrow(
      expect.objectContaining({ code: 'start_image_unsupported' }),
    );
  });

  it('never gives an SDXL checkpoint to a template for SD 1.5, or the other way round', () => {
    expect(chosen('still_image', { modelName: 'ponyDiffusionV6XL.safetensors' })).toBe('anime-still-sdxl');
    expect(chosen('still_image', { modelName: 'animagine-xl-3.1.safetensors' })).toBe('anime-still-sdxl');
    expect(chosen('still_image', { modelName: 'counterfeit_v30.safetensors' })).toBe('anime-still-sd15');
  });

  it('takes the model for what a request names when the file is no checkpoint', () => {
    expect(chosen('full_video', { modelName: 'wan2.2_t2v_high_noise_14B_fp8_scaled.safetensors' })).toBe(
      'video-wan22-t2v-14b',
    );
    expect(chosen('full_video', { startImage: true, modelName: 'wan2.1-i2v-14b-480p-Q5_K_M.gguf' })).toBe(
      'video-wan21-i2v-low-vram',
    );
    expect(chosen('full_video', { modelName: 'THUDM/CogVideoX-5b-I2V' })).toBe('video-cogvideox');
  });

  it('prefers one that a card can run now', () => {
    expect(chosen('still_image', { cards: [card({ checkpoints: ['anime_sdxl.safetensors'] })] })).toBe(
      'anime-still-sdxl',
    );
    const no5b = {
      diffusion_models: ['wan2.1-i2v-14b-480p-Q4_K_M.gguf'],
      text_encoders: ['umt5_xxl_fp8_e4m3fn_scaled.safetensors'],
      vae: ['wan_2.1_vae.safetensors'],
      clip_vision: ['clip_vision_h.safetensors'],
    };
    expect(chosen('full_video', { startImage: true, cards: [card({ models: no5b })] })).toBe(
      'video-wan21-i2v-low-vram',
    );
    // Nothing can run: the answer is the usual one, so that it can be said what is missing.
    expect(chosen('still_image', { cards: [card({ isUsable: false })] })).toBe('anime-still-sd15');
  });
});
