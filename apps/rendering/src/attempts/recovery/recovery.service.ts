import { Inject, Injectable } from '@nestjs/common';
import type { Failure } from '@tower/comfyui';
import type { JobError } from '@tower/contracts';
import { CLOCK, type Clock } from '@tower/kit';
import { DataSource, type EntityManager } from 'typeorm';
import { cardOf, memoryMbOf, type Card } from '../../cards/card';
import type { Attempt } from '../../jobs/attempt.entity';
import { Job } from '../../jobs/job.entity';
import { nextSeed } from '../../jobs/seed';
import { Task } from '../../jobs/task.entity';
import { gigabytes, memoryWorkOf } from '../../planning/memory/memory-need';
import { MemoryStore } from '../../planning/memory/memory-store';
import { configuredGpus } from '../../planning/queue.queries';
import { RenderingMetrics } from '../../rendering.metrics';
import { Catalogue } from '../../workflows/catalogue';
import type { RecoveryStep } from '../../workflows/composition';
import { heldFor, untilListedMs } from '../held-tasks';
import { ModelDownloads } from './model-downloads';
import { offersOf, priorOf, runsOn } from './offers';
import { nextStep, type RecoveryCard } from './recovery-policy';

/** What happens to the task of a failed attempt. */
interface Recovered {
  to: 'queued' | 'failed' | 'timeout';
  changes: Partial<Omit<Task, 'id' | 'state' | 'rank' | 'kind'>>;
  error: JobError;
}

/** Applies the ladder to a task: learns from the failure, asks for the next step, and says what it does to the task. */
@Injectable()
export class RecoveryService {
  constructor(
    private readonly db: DataSource,
    private readonly workflows: Catalogue,
    private readonly memory: MemoryStore,
    private readonly downloads: ModelDownloads,
    private readonly metrics: RenderingMetrics,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** In the transaction that ends the attempt, with the job locked. */
  async after(tx: EntityManager, job: Job, task: Task, attempt: Attempt, failure: Failure): Promise<Recovered> {
    const gpus = await configuredGpus(tx);
    const here = gpus.find((gpu) => gpu.name === attempt.gpu);
    const learnt = failure.kind === 'out_of_memory' && here ? await this.learn(tx, job, attempt, cardOf(here)) : '';
    const source = failure.kind === 'missing_model' ? this.downloads.sourceOf(here, failure.model) : undefined;
    const decision = nextStep({
      failure: failure.kind,
      gpu: attempt.gpu,
      attempt: attempt.n,
      plan: attempt.plan,
      taken: task.recovery,
      excluded: task.excludedGpus,
      cards: gpus.map((gpu) => this.recoveryCard(cardOf(gpu), job, attempt, failure)),
      allowDegrade: job.allowDegrade,
      downloadable: source?.downloadable ?? false,
      unlisted: failure.unlisted ?? false,
    });
    const error = source ? { ...failure.error, hint: source.hint } : failure.error;
    if (decision.then === 'give_up') {
      this.metrics.recoverySteps.inc({ gpu: attempt.gpu, because: failure.kind, step: 'give_up' });
      const tried =
        task.recovery.length === 0
          ? ''
          : ` (tried: ${[...new Set(task.recovery.map((step) => step.step))].join(', ')})`;
      return {
        to: failure.kind === 'hung' ? 'timeout' : 'failed',
        changes: { error: { ...error, message: `${error.message}; ${decision.why}${tried}` } },
        error,
      };
    }
    const step: RecoveryStep = {
      step: decision.step,
      because: failure.kind,
      afterAttempt: attempt.n,
      gpu: attempt.gpu,
      detail: `${decision.detail}${learnt}`,
      at: this.clock.now().toISOString(),
    };
    this.metrics.recoverySteps.inc({ gpu: attempt.gpu, because: failure.kind, step: step.step });
    const { folder, name } = failure.model ?? {};
    const wanted =
      decision.step === 'download_model' && typeof folder === 'string' && typeof name === 'string'
        ? { gpu: attempt.gpu, folder, name, receivedBytes: 0, totalBytes: null }
        : null;
    const returns = decision.step === 'again' && failure.kind === 'missing_model';
    return {
      to: 'queued',
      error,
      changes: {
        error,
        plan: decision.plan,
        excludedGpus: decision.excluded,
        recovery: [...task.recovery, step],
        notBefore: wanted ? this.downloads.heldUntil() : returns ? await heldFor(tx, untilListedMs) : null,
        wantsModel: wanted,
        ...(decision.step === 'other_seed' ? { seed: nextSeed(task.seed) } : {}),
      },
    };
  }

  /** Whether another card could run what this attempt ran. */
  async couldGoElsewhere(attempt: Attempt): Promise<boolean> {
    const { manager } = this.db;
    const [gpus, job, task] = await Promise.all([
      configuredGpus(manager),
      manager.findOneByOrFail(Job, { id: attempt.jobId }),
      manager.findOneByOrFail(Task, { id: attempt.taskId }),
    ]);
    return gpus.some(
      (gpu) =>
        gpu.name !== attempt.gpu &&
        belongsTo(job, gpu.name) &&
        !task.excludedGpus.includes(gpu.name) &&
        runsOn(this.workflows.get(job.workflow), job, attempt.plan, cardOf(gpu)),
    );
  }

  /** What a success teaches about memory. */
  async learnSuccess(tx: EntityManager, job: Job, attempt: Attempt): Promise<void> {
    const gpu = (await configuredGpus(tx)).find((candidate) => candidate.name === attempt.gpu);
    const cardMb = gpu ? memoryMbOf(gpu) : null;
    if (cardMb !== null)
      await this.memory.fitted(tx, memoryWorkOf(this.workflows.get(job.workflow), job, attempt.plan), cardMb);
  }

  private async learn(tx: EntityManager, job: Job, attempt: Attempt, card: Card): Promise<string> {
    const cardMb = card.memoryMb;
    if (cardMb === null) return '';
    const workflow = this.workflows.get(job.workflow);
    const need = await this.memory.ranOut(
      tx,
      memoryWorkOf(workflow, job, attempt.plan),
      cardMb,
      priorOf(workflow, job, attempt.plan),
    );
    return need.estimateMb === null
      ? ''
      : `; it needs about ${gigabytes(need.estimateMb)} here, ${card.name} has ${gigabytes(cardMb)}`;
  }

  private recoveryCard(card: Card, job: Job, attempt: Attempt, { unheard = false }: Failure): RecoveryCard {
    const workflow = this.workflows.get(job.workflow);
    return {
      name: card.name,
      memoryMb: card.memoryMb,
      isRestartable: card.isRestartable && !unheard,
      fits: belongsTo(job, card.name) && runsOn(workflow, job, attempt.plan, card),
      offers: offersOf(workflow, job, attempt.plan, card),
    };
  }
}

/** Whether the job leaves it to this card. */
const belongsTo = ({ onlyGpu }: Pick<Job, 'onlyGpu'>, gpu: string): boolean => onlyGpu === null || onlyGpu === gpu;
