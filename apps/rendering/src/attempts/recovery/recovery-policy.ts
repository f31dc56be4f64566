import type { FailureKind } from '@tower/comfyui';
import type { Card } from '../../cards/card';
import { noChanges, memorySteps, type GraphStep, type Changes, type RecoveryStep } from '../../workflows/composition';

/** A card as recovery sees it: what could be tried there. */
export interface RecoveryCard extends Pick<Card, 'name' | 'memoryMb' | 'isRestartable'> {
  /** Could take the task at all: it has the nodes and the models. Whether it is up, busy or big enough is not asked. */
  fits: boolean;
  /** Changes of the graph that the workflow offers there, in the order in which it wants them tried. */
  offers: readonly GraphStep[];
}

export interface RecoveryInput {
  failure: FailureKind;
  gpu: string;
  /** Number of the attempt that failed, from 1. */
  attempt: number;
  /** Of the attempt that failed. */
  plan: Changes;
  /** Every step that this task took before, oldest first. */
  taken: readonly RecoveryStep[];
  excluded: readonly string[];
  cards: readonly RecoveryCard[];
  allowDegrade: boolean;
  /** The missing model can be downloaded to this card. */
  downloadable: boolean;
  /** The server does not list the model that it was sent, though it was listed a moment ago. */
  unlisted: boolean;
}

export type Decision =
  | {
      then: 'retry';
      step: RecoveryStep['step'];
      detail: string;
      plan: Changes;
      excluded: string[];
      /** The next attempt belongs on the same card. */ stays: boolean;
    }
  | { then: 'give_up'; why: string };
const maxSmallerSizes = 3;
/** No task is tried more often than this, whatever fails. */
export const maxAttempts = 24;
/**
 * Times that a task waits for a file which a card lists and then does not: more often, its lists contradict each other.
 */
const maxReturns = 3;
/** Faults of cards, as opposed to faults of the request, that one task may meet. */
const maxCardFaults = 4;

const words: Record<GraphStep, string> = {
  tiled_vae: 'decodes in tiles',
  smaller_batch: 'renders fewer pictures at once',
  smaller_context: 'looks at fewer frames at once',
  quantised_model: 'uses the quantised model',
  smaller_model: 'uses the smaller model',
  cpu_text_encoder: 'reads the prompt on the processor',
  without_faceid: 'renders without FaceID',
  other_seed: 'takes another seed',
  precise_vae: 'decodes with the precise VAE',
  smaller_size: 'renders at a smaller size',
};

/**
 * What comes after a failed attempt. Pure: the same failure with the same past always leads to the same step. The same
 * graph goes to the same card again (`again`) only where the failure may have been a chance or its cause may pass.
 */
export function nextStep(input: RecoveryInput): Decision {
  if (input.attempt >= maxAttempts) return { then: 'give_up', why: `it was tried ${input.attempt} times` };
  switch (input.failure) {
    case 'out_of_memory':
      return afterOutOfMemory(input);
    case 'poisoned':
    case 'hung':
    case 'zombie':
      return afterBrokenCard(input);
    case 'disk_full':
      return afterFullDisk(input);
    case 'missing_model':
      return afterMissingModel(input);
    case 'missing_node':
    case 'invalid':
    case 'node_failed':
    case 'poison_job':
      return elsewhere(input) ?? { then: 'give_up', why: 'no other card could run it' };
    case 'no_face':
      return change(input, 'without_faceid') ?? { then: 'give_up', why: 'the workflow does not do without FaceID' };
    case 'black_output':
      return (
        seedOnce(input) ??
        change(input, 'precise_vae') ??
        elsewhere(input) ?? { then: 'give_up', why: 'other seeds and cards gave the same' }
      );
    case 'interrupted':
      return times(input) === 0
        ? again(input, 'somebody may have meant another prompt')
        : { then: 'give_up', why: 'somebody interrupted it twice; start it again when it may run' };
    case 'interrupt_collateral':
      return again(input, 'an interrupt of another prompt hit it');
    case 'blocked':
      return afterBlocked(input);
    case 'network':
    case 'not_taken':
    case 'outputs_missing':
    case 'stale_output':
      return times(input) === 0
        ? again(input, 'it may have been a chance')
        : (elsewhere(input) ?? { then: 'give_up', why: 'it came twice, and no other card could run it' });
  }
}

function afterOutOfMemory(input: RecoveryInput): Decision {
  const here = input.cards.find((card) => card.name === input.gpu);
  if (!input.taken.some((step) => step.step === 'free_models' && step.gpu === input.gpu))
    return retry(input, 'free_models', `unloads the models that ${input.gpu} holds`, { stays: true });
  const step = here?.offers.find((offer) => memorySteps.has(offer) && !input.plan.steps.includes(offer));
  if (step !== undefined) return retry(input, step, words[step], { plan: extended(input.plan, step), stays: true });
  const other = othersOf(input)[0];
  const sizes = input.plan.steps.filter((taken) => taken === 'smaller_size').length;
  // A bigger card may not need what was given up for the smaller one.
  const startsAnew = sizes === 0 && (other?.memoryMb ?? 0) > (here?.memoryMb ?? Infinity);
  if (other)
    return retry(input, 'other_gpu', `goes to ${other.name}`, {
      plan: startsAnew ? noChanges : input.plan,
      excluded: [...input.excluded, input.gpu],
    });
  if (!input.cards.some((card) => card.fits && card.offers.includes('smaller_size')))
    return { then: 'give_up', why: 'no card has memory enough' };
  if (!input.allowDegrade)
    return {
      then: 'give_up',
      why: 'no card has memory enough for this size; allow_degrade would permit a smaller one',
    };
  if (sizes >= maxSmallerSizes)
    return { then: 'give_up', why: `no card has memory enough, though the size was made smaller ${sizes} times` };
  return retry(input, 'smaller_size', words.smaller_size, { plan: extended(input.plan, 'smaller_size'), excluded: [] });
}

/**
 * The card needs a restart or at least a rest; the task goes elsewhere. A card that it broke once is tried again when
 * there is no other, one that it broke twice is not.
 */
function afterBrokenCard(input: RecoveryInput): Decision {
  if (cardFaults(input) >= maxCardFaults)
    return { then: 'give_up', why: `it met ${cardFaults(input) + 1} broken cards` };
  const excluded = input.excluded.filter((name) => cardFaults(input, name) !== 1);
  const other = othersOf({ ...input, excluded })[0];
  if (other) return retry(input, 'other_gpu', `goes to ${other.name}`, { excluded: [...excluded, input.gpu] });
  if (cardFaults(input, input.gpu) > 0)
    return { then: 'give_up', why: `it broke ${input.gpu} twice, and no other card could run it` };
  const here = input.cards.find((card) => card.name === input.gpu);
  return here?.isRestartable
    ? retry(input, 'restart_comfyui', `waits until ${input.gpu} was restarted by its restart command`, { excluded })
    : retry(input, 'again', `waits until ${input.gpu} was restarted`, { excluded });
}

function afterFullDisk(input: RecoveryInput): Decision {
  if (cardFaults(input) >= maxCardFaults) return { then: 'give_up', why: 'the disks of the cards stay full' };
  const other = othersOf(input)[0];
  return other
    ? retry(input, 'other_gpu', `goes to ${other.name}`, {})
    : again(input, `waits until ${input.gpu} can write again`);
}

/**
 * Another card, a download; else, where the file went away since the card was chosen, its return is waited for: the
 * folders are read again, and a task whose files no card lists waits as `missing-files.ts` says.
 */
function afterMissingModel(input: RecoveryInput): Decision {
  const other = elsewhere(input);
  if (other) return other;
  if (input.downloadable && !took(input, 'download_model'))
    return retry(input, 'download_model', `is downloaded to ${input.gpu}`, { stays: true });
  const waited = input.taken.filter((step) => step.step === 'again' && step.because === input.failure).length;
  if (input.unlisted && waited < maxReturns) {
    // Wherever it comes back, it is welcome.
    const lost = input.taken.filter((step) => step.because === input.failure).map(({ gpu }) => gpu);
    return retry(input, 'again', `waits until ${input.gpu} lists it again`, {
      excluded: input.excluded.filter((name) => !lost.includes(name)),
    });
  }
  return { then: 'give_up', why: 'no card has it' };
}

/** The same thing on another card that could run it; this one is out for the task. */
function elsewhere(input: RecoveryInput): Decision | undefined {
  const other = othersOf(input)[0];
  return other && retry(input, 'other_gpu', `goes to ${other.name}`, { excluded: [...input.excluded, input.gpu] });
}

/**
 * A server remembers what a node handed on, blocked outputs too: asked again for the same it would not even run the
 * node.
 */
function afterBlocked(input: RecoveryInput): Decision {
  const other = elsewhere(input);
  if (other) return other;
  if (times(input) > 0) return { then: 'give_up', why: 'it came twice, and no other card could run it' };
  return retry(input, 'free_models', `lets ${input.gpu} forget what it remembers of earlier prompts`, { stays: true });
}

function change(input: RecoveryInput, step: GraphStep): Decision | undefined {
  const offered = input.cards.some((card) => card.name === input.gpu && card.offers.includes(step));
  return offered && !input.plan.steps.includes(step)
    ? retry(input, step, words[step], { plan: extended(input.plan, step) })
    : undefined;
}

const seedOnce = (input: RecoveryInput): Decision | undefined =>
  took(input, 'other_seed')
    ? undefined
    : retry(input, 'other_seed', words.other_seed, { plan: extended(input.plan, 'other_seed') });

const again = (input: RecoveryInput, detail: string): Decision => retry(input, 'again', detail, {});

function retry(
  input: RecoveryInput,
  step: RecoveryStep['step'],
  detail: string,
  changes: { plan?: Changes; excluded?: string[]; stays?: boolean },
): Decision {
  return {
    then: 'retry',
    step,
    detail,
    plan: changes.plan ?? input.plan,
    excluded: [...new Set(changes.excluded ?? input.excluded)],
    stays: changes.stays ?? false,
  };
}

const extended = (plan: Changes, step: GraphStep): Changes => ({ steps: [...plan.steps, step] });
const took = (input: RecoveryInput, step: RecoveryStep['step']): boolean =>
  input.taken.some((taken) => taken.step === step);
const times = (input: RecoveryInput): number => input.taken.filter((step) => step.because === input.failure).length;
const isCardFault = (because: string): boolean => ['poisoned', 'hung', 'zombie', 'disk_full'].includes(because);
/** On one card, or on any. */
const cardFaults = (input: RecoveryInput, gpu?: string): number =>
  input.taken.filter((step) => isCardFault(step.because) && (gpu === undefined || step.gpu === gpu)).length;
const othersOf = (input: RecoveryInput): RecoveryCard[] =>
  input.cards
    .filter((card) => card.fits && card.name !== input.gpu && !input.excluded.includes(card.name))
    .sort((a, b) => (b.memoryMb ?? 0) - (a.memoryMb ?? 0));
