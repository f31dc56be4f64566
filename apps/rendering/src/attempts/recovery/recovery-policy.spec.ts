import { failureKinds, type FailureKind } from '@tower/comfyui';
import { pinnedTo } from '../../jobs/pinned-card';
import type { GraphStep, Changes, RecoveryStep } from '../../workflows/composition';
import { maxAttempts, nextStep, type Decision, type RecoveryCard, type RecoveryInput } from './recovery-policy';

const small: RecoveryCard = { name: 'rtx3060', fits: true, memoryMb: 12_288, offers: [], isRestartable: false };
const big: RecoveryCard = { name: 'rx9070xt', fits: true, memoryMb: 16_384, offers: [], isRestartable: false };
const all: GraphStep[] = ['tiled_vae', 'smaller_batch', 'quantised_model', 'cpu_text_encoder', 'smaller_size'];

interface Walked {
  step: RecoveryStep['step'] | 'give_up';
  gpu: string;
  plan: GraphStep[];
}

/** Fails again and again in the same way, as the ladder goes on; every card takes the task in turn. */
function walk(
  failure: FailureKind,
  cards: RecoveryCard[],
  options: { offers?: GraphStep[]; allowDegrade?: boolean; downloadable?: boolean; unlisted?: boolean } = {},
): { steps: Walked[]; why: string } {
  const steps: Walked[] = [];
  let gpu = cards[0]?.name ?? '';
  let plan: Changes = { steps: [] };
  let excluded: string[] = [];
  const taken: RecoveryStep[] = [];
  for (let attempt = 1; ; attempt++) {
    const offered = (options.offers ?? []).filter((step) => step === 'smaller_size' || !plan.steps.includes(step));
    const decision: Decision = nextStep({
      failure,
      gpu,
      attempt,
      plan,
      taken,
      excluded,
      allowDegrade: options.allowDegrade ?? false,
      downloadable: options.downloadable ?? false,
      unlisted: options.unlisted ?? false,
      cards: cards.map((card) => ({ ...card, offers: offered })),
    });
    if (decision.then === 'give_up') return { steps, why: decision.why };
    taken.push({
      step: decision.step,
      because: failure,
      afterAttempt: attempt,
      gpu,
      detail: decision.detail,
      at: '2026-01-01T00:00:00.000Z',
    });
    ({ plan, excluded } = decision);
    if (!decision.stays)
      gpu =
        cards.find((card) => !excluded.includes(card.name) && card.name !== gpu)?.name ??
        cards.find((card) => !excluded.includes(card.name))?.name ??
        gpu;
    steps.push({ step: decision.step, gpu, plan: plan.steps });
  }
}

const names = ({ steps }: { steps: Walked[] }): string[] => steps.map(({ step, gpu }) => `${step} on ${gpu}`);

describe('out of memory', () => {
  it('walks down on the small card, then starts unchanged on the bigger one, and walks down there', () => {
    const walked = walk('out_of_memory', [small, big], { offers: all });
    expect(names(walked)).toEqual([
      'free_models on rtx3060',
      'tiled_vae on rtx3060',
      'smaller_batch on rtx3060',
      'quantised_model on rtx3060',
      'cpu_text_encoder on rtx3060',
      'other_gpu on rx9070xt',
      'free_models on rx9070xt',
      'tiled_vae on rx9070xt',
      'smaller_batch on rx9070xt',
      'quantised_model on rx9070xt',
      'cpu_text_encoder on rx9070xt',
    ]);
    expect(walked.steps[5]?.plan).toEqual([]);
    expect(walked.why).toMatch(/allow_degrade/);
  });

  it('keeps what it gave up when the other card is no bigger', () => {
    const walked = walk('out_of_memory', [big, small], { offers: ['tiled_vae'] });
    expect(walked.steps.find(({ step }) => step === 'other_gpu')?.plan).toEqual(['tiled_vae']);
  });

  it('makes the size smaller only when the request permits it, three times at most', () => {
    const walked = walk('out_of_memory', [small], { offers: ['tiled_vae', 'smaller_size'], allowDegrade: true });
    expect(names(walked)).toEqual([
      'free_models on rtx3060',
      'tiled_vae on rtx3060',
      'smaller_size on rtx3060',
      'smaller_size on rtx3060',
      'smaller_size on rtx3060',
    ]);
    expect(walked.why).toMatch(/3 times/);
  });

  it('offers nothing that the workflow does not', () => {
    expect(names(walk('out_of_memory', [small]))).toEqual(['free_models on rtx3060']);
  });
});

describe('the other failures', () => {
  it.each<[FailureKind, string[], Parameters<typeof walk>[2]]>([
    ['missing_model', ['other_gpu on rx9070xt'], {}],
    ['missing_model', ['other_gpu on rx9070xt', 'download_model on rx9070xt'], { downloadable: true }],
    [
      'missing_model',
      [
        ...Array.from({ length: 3 }, () => ['other_gpu on rx9070xt', 'again on rtx3060']).flat(),
        'other_gpu on rx9070xt',
      ],
      { unlisted: true },
    ],
    ['missing_node', ['other_gpu on rx9070xt'], {}],
    ['invalid', ['other_gpu on rx9070xt'], {}],
    ['node_failed', ['other_gpu on rx9070xt'], {}],
    ['poison_job', ['other_gpu on rx9070xt'], {}],
    ['no_face', ['without_faceid on rx9070xt'], { offers: ['without_faceid'] }],
    ['no_face', [], {}],
    [
      'black_output',
      ['other_seed on rx9070xt', 'precise_vae on rtx3060', 'other_gpu on rx9070xt'],
      { offers: ['precise_vae'] },
    ],
    ['interrupted', ['again on rx9070xt'], {}],
    ['blocked', ['other_gpu on rx9070xt'], {}],
    ['not_taken', ['again on rx9070xt', 'other_gpu on rtx3060'], {}],
    ['outputs_missing', ['again on rx9070xt', 'other_gpu on rtx3060'], {}],
    ['stale_output', ['again on rx9070xt', 'other_gpu on rtx3060'], {}],
    ['network', ['again on rx9070xt', 'other_gpu on rtx3060'], {}],
  ])('%s leads to %j', (failure, expected, options) => {
    expect(names(walk(failure, [small, big], options))).toEqual(expected);
  });

  it('asks the only card again for a blocked output when it has forgotten it', () => {
    expect(names(walk('blocked', [small]))).toEqual(['free_models on rtx3060']);
  });

  it('waits for a restart where there is one card only, and gives up when the task breaks it again', () => {
    expect(names(walk('hung', [{ ...small, isRestartable: true }]))).toEqual(['restart_comfyui on rtx3060']);
    expect(names(walk('zombie', [small]))).toEqual(['again on rtx3060']);
  });

  it('keeps a task off the card that it just broke, also while that one answers', () => {
    const decision = nextStep({
      failure: 'hung',
      gpu: 'rtx3060',
      attempt: 1,
      plan: { steps: [] },
      taken: [],
      excluded: [],
      cards: [small, big],
      allowDegrade: false,
      downloadable: false,
      unlisted: false,
    });
    expect(decision).toMatchObject({ then: 'retry', step: 'other_gpu', excluded: ['rtx3060'] });
  });

  it('keeps a task that broke a card twice away from it', () => {
    const walked = walk('poisoned', [small, big]);
    expect(names(walked)).toEqual(['other_gpu on rx9070xt', 'other_gpu on rtx3060', 'other_gpu on rx9070xt']);
    expect(walked.why).toMatch(/broke rx9070xt twice/);
  });

  it('does not count what an interrupt of another prompt did', () => {
    expect(walk('interrupt_collateral', [small]).steps).toHaveLength(maxAttempts - 1);
  });
});

describe('every failure', () => {
  it.each(failureKinds)('%s ends in bounded time and never repeats a card without a change in between', (failure) => {
    for (const cards of [[small], [small, big], [small, big, { ...big, name: 'third' }]]) {
      const { steps } = walk(failure, cards, { offers: all, allowDegrade: true, downloadable: true });
      expect(steps.length).toBeLessThan(maxAttempts);
      const changeless = steps.filter(
        ({ step }) => !['again', 'free_models', 'restart_comfyui', 'download_model'].includes(step),
      );
      if (['out_of_memory', 'invalid', 'node_failed', 'missing_node', 'black_output', 'no_face'].includes(failure)) {
        const seen = changeless.map(({ gpu, plan }) => `${gpu} ${plan.join()}`);
        expect(new Set(seen).size).toBe(seen.length);
      }
    }
  });
});

describe('pinnedTo', () => {
  const step = (name: RecoveryStep['step']): RecoveryInput['taken'][number] => ({
    step: name,
    because: 'out_of_memory',
    afterAttempt: 1,
    gpu: 'rtx3060',
    detail: '',
    at: '',
  });

  it('holds a task on the card while that card walks down', () => {
    expect(pinnedTo([step('free_models')])).toBe('rtx3060');
    expect(pinnedTo([step('other_gpu'), step('tiled_vae')])).toBe('rtx3060');
  });

  it('lets it go afterwards', () => {
    expect(pinnedTo([])).toBeUndefined();
    for (const free of ['other_gpu', 'smaller_size', 'again', 'other_seed', 'restart_comfyui'] as const)
      expect(pinnedTo([step('tiled_vae'), step(free)])).toBeUndefined();
  });
});
