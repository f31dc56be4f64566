import { modelKey } from '@tower/contracts';
import type { Catalogue } from '../../workflows/catalogue';
import { Estimator, type TimeEstimate } from './components/estimator';
import type { TimedWork, TimePrior } from './components/timed-work';
import { changesOf, type AttemptEstimate, type Sample, type Work } from './estimate';
import { passesOf } from './passes';

/** Folders whose files make up most of what is loaded. */
const baseFolders: ReadonlySet<string> = new Set(['checkpoints', 'diffusion_models', 'unet', 'unet_gguf']);
/** Share of the usual loading time that everything else takes: a LoRA, a VAE. Believed, until it is measured. */
const smallPart = 0.15;

/** A card as what it measures: another device under the same name is another card. */
export interface TimedCard {
  gpu: string;
  device: string | null;
}

/** What attempts took, and what is said of further ones by it. Fed with samples in the order in which they came. */
export class LearntTimes {
  private readonly estimator: Estimator;

  constructor(private readonly workflows: Catalogue) {
    this.estimator = new Estimator((work) => this.priorOf(work));
  }

  learn(sample: Sample): void {
    const { loadSeconds, samplingSeconds, fixedSeconds, seconds, missing } = sample;
    const work = this.timed(sample, { gpu: sample.gpu, device: sample.device ?? null }, missing);
    this.estimator.learn({
      ...work,
      load: loadSeconds,
      pass: samplingSeconds === null ? null : samplingSeconds / work.passes,
      fixed: fixedSeconds,
      seconds: Math.max(0.001, seconds),
    });
  }

  /** What the work takes on a card that has to load these model files first. */
  estimate(work: Work, card: TimedCard, missing: readonly string[]): AttemptEstimate & Pick<TimeEstimate, 'load'> {
    const exact = this.timed(work, card, missing);
    const unnamed = { ...exact, gpu: card.gpu };
    // Older samples do not say what the card was.
    const isUnnamed = this.estimator.attemptsOf(exact) === 0 && this.estimator.attemptsOf(unnamed) > 0;
    const asked = isUnnamed ? unnamed : exact;
    const estimate = this.estimator.estimate(asked);
    return { ...estimate, basis: estimate.basis.replace(asked.gpu, card.gpu) };
  }

  private priorOf({ kind, missing, passesPerStep = 1 }: TimedWork): TimePrior {
    const { priors } = this.workflows.get(kind.split(' ')[0] ?? '').file;
    const isBase = missing.split('\n').some((key) => baseFolders.has(key.split('/')[0] ?? ''));
    return {
      load: priors.load_seconds * (isBase ? 1 : smallPart),
      passPerMegapixel: priors.seconds_per_megapixel_step / passesPerStep,
      fixed: priors.fixed_seconds,
      basis: priors.basis,
    };
  }

  private timed(work: Work, { gpu, device }: TimedCard, missing: readonly string[]): TimedWork {
    const passes = passesOf(work, this.workflows.find(work.workflow)?.file.passes_per_step);
    return {
      gpu: device === null ? gpu : `${gpu} (${device})`,
      kind: [work.workflow, changesOf(work)].join(' ').trim(),
      models: modelKey(work.modelName ?? ''),
      megapixels: (work.width * work.height * work.frames) / 1e6,
      passes,
      passesPerStep: passes / Math.max(1, work.steps),
      missing: [...missing].sort().join('\n'),
    };
  }
}
