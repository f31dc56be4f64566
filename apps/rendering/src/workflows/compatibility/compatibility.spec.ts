import { join } from 'node:path';
import { workflowView } from '@tower/contracts';
import { repositoryRoot } from '@tower/kit';
import { toCardView, toWorkflowView } from '../../views/workflow-view';
import { Catalogue } from '../catalogue';
import { noChanges, noParts, type Parts } from '../composition';
import { compatibilityWith, usualValues, type CandidateCard } from './compatibility';
import { describeMissing, missingFor } from './requirements';
import { RequirementsCache } from './requirements-cache';

let library: Catalogue;
beforeAll(async () => {
  library = await Catalogue.read(join(repositoryRoot, 'workflows'));
});

const classesOfAll = (): string[] => [
  ...new Set(library.all().flatMap(({ graph }) => Object.values(graph).map((node) => node.class_type))),
];
const card = (more: Partial<CandidateCard> = {}): CandidateCard => ({
  name: 'rtx3060',
  isUsable: true,
  memoryMb: 12_288,
  nodes: classesOfAll(),
  checkpoints: ['anime_sd15.safetensors'],
  ...more,
});
const on = (name: string, more: Partial<CandidateCard> = {}) => compatibilityWith(library.get(name), card(more));

describe('standingOn', () => {
  it('finds a card that can, one that is down, and one that takes no work', () => {
    expect(on('anime-still-sd15')).toMatchObject({ state: 'ready', reason: null, missing: [] });
    expect(on('anime-still-sd15', { isUsable: false })).toMatchObject({
      state: 'down',
      reason: 'rtx3060 does not answer',
    });
    expect(on('anime-still-sd15', { isUsable: false, trouble: 'rtx3060: restart this ComfyUI' }).reason).toBe(
      'rtx3060: restart this ComfyUI',
    );
  });

  it('names a node with its pack and where to get it, a file with its folder and where to get it', () => {
    const without = classesOfAll().filter((name) => name !== 'VHS_VideoCombine');
    expect(on('loop-animatediff', { nodes: without, models: { animatediff_models: [] } })).toMatchObject({
      state: 'missing',
      missing: [
        {
          kind: 'node',
          name: 'VHS_VideoCombine',
          where: 'custom_nodes/ComfyUI-VideoHelperSuite',
          source: 'https://github.com/Kosinkadink/ComfyUI-VideoHelperSuite',
        },
        {
          kind: 'model',
          name: 'v3_sd15_mm.ckpt',
          where: 'models/animatediff_models',
          source: 'https://huggingface.co/guoyww/animatediff',
        },
      ],
    });
  });

  it('names the family of checkpoint that no file here is', () => {
    expect(on('anime-still-sdxl')).toMatchObject({
      state: 'missing',
      reason: expect.stringContaining('no card has an SDXL checkpoint in models/checkpoints') as string,
      missing: [{ where: 'models/checkpoints' }],
    });
  });

  it('finds quantised files in the folder that ComfyUI lists apart', () => {
    const models = { diffusion_models: [], unet_gguf: ['wan2.1-i2v-14b-480p-Q4_K_M.gguf'] };
    expect(on('video-wan21-i2v-low-vram', { models })).toMatchObject({ state: 'ready' });
    expect(on('video-wan21-i2v-low-vram', { models: { diffusion_models: [] } })).toMatchObject({ state: 'missing' });
  });

  it('finds files in sub-folders, however the server spells them', () => {
    const published = library
      .all()
      .flatMap(({ file }) =>
        Object.values(file.parameters).flatMap((parameter) =>
          parameter.type === 'model' ? parameter.prefer.map((name) => [parameter.folder, name] as const) : [],
        ),
      );
    for (const separator of ['/', '\\']) {
      const models: Record<string, string[]> = {};
      for (const [folder, name] of published)
        models[folder] = [...new Set([...(models[folder] ?? []), `wan${separator}${name}`])];
      const stock = card({ models, checkpoints: models['checkpoints'] ?? [], memoryMb: null });
      expect(library.all().map((workflow) => [workflow.file.name, compatibilityWith(workflow, stock).reason])).toEqual(
        library.all().map(({ file }) => [file.name, null]),
      );
    }
  });

  it('says which files a name may mean', () => {
    const models = {
      diffusion_models: ['wan2.1_t2v_1.3B_fp16.safetensors'],
      text_encoders: ['umt5_xxl_fp8_e4m3fn_scaled.safetensors'],
      vae: ['a/wan_2.1_vae.safetensors', 'b/wan_2.1_vae.safetensors'],
    };
    expect(on('video-wan21-t2v', { models })).toMatchObject({
      state: 'missing',
      reason: expect.stringContaining('a/wan_2.1_vae.safetensors or b/wan_2.1_vae.safetensors') as string,
    });
  });

  it('takes a checkpoint for what was stated of it', () => {
    const models = { checkpoints: ['SDXL\\Proteus.safetensors', 'mine.safetensors'] };
    expect(on('anime-still-sdxl', { models })).toMatchObject({ state: 'ready' });
    expect(on('anime-still-sdxl', { models, families: { 'SDXL/Proteus.safetensors': 'sd15' } })).toMatchObject({
      state: 'missing',
    });
    expect(
      on('anime-still-sdxl', { models, families: { 'SDXL/Proteus.safetensors': 'sd15', 'mine.safetensors': 'sdxl' } }),
    ).toMatchObject({ state: 'ready' });
  });

  it('says when the card is too small, by the formula or by what was learnt', () => {
    expect(on('anime-still-sdxl', { checkpoints: ['anime_sdxl.safetensors'], memoryMb: 4_096 })).toMatchObject({
      state: 'too_small',
      reason: expect.stringContaining('prior: unverified') as string,
    });
    const learnt = compatibilityWith(library.get('anime-still-sd15'), card(), () => 20_000);
    expect(learnt).toMatchObject({
      state: 'too_small',
      vramNeedMb: 20_000,
      reason: expect.stringContaining('learnt from attempts') as string,
    });
  });

  it('counts what the server’s own nodes do not take', () => {
    const misfits = {
      'anime-still-sd15': [
        { kind: 'input' as const, name: 'KSampler.eta', where: 'ComfyUI: node 10 (KSampler): needs the input eta' },
      ],
    };
    expect(on('anime-still-sd15', { misfits })).toMatchObject({
      state: 'missing',
      missing: [{ kind: 'input', name: 'KSampler.eta' }],
    });
    expect(on('hires-fix', { misfits })).toMatchObject({ state: 'ready' });
  });
});

describe('missingFor', () => {
  const parts: Parts = {
    ...noParts,
    references: [{ kind: 'faceid', image: 'hero', weight: 1, start: 0, end: 1 }],
    loras: [{ file: 'mine.safetensors', strengthModel: 1, strengthClip: 1 }],
  };

  it('asks for the files of the parts that a job really has, of the checkpoint’s family', () => {
    const workflow = library.get('anime-still-sd15');
    const values = usualValues(workflow, card());
    const stock = card({
      nodes: [...classesOfAll(), 'LoraLoader', 'IPAdapterUnifiedLoaderFaceID', 'IPAdapterFaceID'],
      models: {
        loras: [],
        ipadapter: ['ip-adapter-faceid-plusv2_sdxl.bin'],
        clip_vision: ['CLIP-ViT-H-14-laion2B-s32B-b79K.safetensors'],
      },
    });
    expect(missingFor(workflow, { values, parts: noParts, plan: noChanges }, stock)).toEqual([]);
    expect(missingFor(workflow, { values, parts, plan: noChanges }, stock).map(describeMissing)).toEqual([
      'models/loras/mine.safetensors',
      'models/ipadapter/ip-adapter-faceid-plusv2_sd15.bin (get it from https://huggingface.co/h94/IP-Adapter-FaceID)',
      'models/loras/ip-adapter-faceid-plusv2_sd15_lora.safetensors (get it from ' +
        'https://huggingface.co/h94/IP-Adapter-FaceID)',
    ]);
  });

  it('asks for the quantised file only once recovery wants it', () => {
    const workflow = library.get('video-wan21-i2v');
    const values = usualValues(workflow, card());
    const stock = card({
      nodes: [...classesOfAll()],
      models: { diffusion_models: ['wan2.1_i2v_480p_14B_fp8_e4m3fn.safetensors'] },
    });
    expect(missingFor(workflow, { values, parts: noParts, plan: noChanges }, stock)).toEqual([]);
    expect(missingFor(workflow, { values, parts: noParts, plan: { steps: ['quantised_model'] } }, stock)).toMatchObject(
      [{ kind: 'model', name: 'wan2.1-i2v-14b-480p-Q4_K_M.gguf', where: 'models/diffusion_models' }],
    );
  });

  it('does not let one job without a graph keep the others from being judged', () => {
    const memory = new RequirementsCache();
    const workflow = library.get('video-wan21-i2v');
    expect(memory.of(workflow, { values: {}, parts: noParts, plan: noChanges }).fault).toMatch(/prompt/);
    const values = usualValues(workflow, card());
    expect(memory.of(workflow, { values, parts: noParts, plan: noChanges })).toBe(
      memory.of(workflow, { values: { ...values, seed: 7, prompt: 'another' }, parts: noParts, plan: noChanges }),
    );
  });
});

describe('the public view', () => {
  it('is what the contract says, for every workflow and card', () => {
    const cards = [
      card(),
      card({ name: 'rx9070xt', isUsable: false }),
      card({ name: 'empty', nodes: [], checkpoints: [], models: {} }),
    ];
    for (const workflow of library.all()) {
      const view = toWorkflowView(
        workflow,
        cards.map((one) => toCardView(workflow, one, () => null)),
        cards[0] as CandidateCard,
      );
      expect(workflowView.parse(view)).toEqual(view);
      expect(view.cards.map(({ can_run: can, reason }) => can === (reason === null))).toEqual([true, true, true]);
    }
  });
});
