import { Inject, Injectable } from '@nestjs/common';
import { attemptDispatched, attemptFailed, attemptLost } from '@tower/contracts';
import { requireFence } from '@tower/db';
import { CLOCK, newId, type Clock } from '@tower/kit';
import { DataSource, In, type EntityManager } from 'typeorm';
import { v5 } from 'uuid';
import type { FileRef } from '../comfyui/comfy-messages';
import { afterFailure, type Failure } from '../comfyui/failure';
import { progressAtDispatch } from '../comfyui/progress-tracker';
import type { GpuInventory } from '../gpus/gpu.entity';
import { Attempt, GenerationParams, Job, Task, type JobError } from '../jobs/job.entity';
import { JobJournal } from '../jobs/job-journal';
import { attemptStatesBefore } from '../jobs/moves';
import { composeGraph } from '../workflows/compose';
import type { ParameterValues } from '../workflows/composition';
import { graphSha256 } from '../workflows/graph-identity';
import type { WorkflowGraph } from '../workflows/workflow-file';
import { WorkflowLibrary } from '../workflows/workflow-library';
import { unfit } from './pick';
import { configuredGpus } from './queue.queries';
import { toCard, toWaiting } from './fleet';

/** Lease under which one rendering process acts on the cards. */
export const schedulerLease = 'gpu-scheduler';

/** Namespace of our prompt ids: UUID v5 of (task, attempt number), so that a restarted leader derives the same id. */
const promptNamespace = '6f1a3b56-6e0c-5a3d-9d0e-3f6b8f6d2a11';

/** Milliseconds within which a POST that was announced must have arrived or failed. */
const postWindowMs = 10_000;
/** Failures of one task, on any card, before it is given up. */
const maxFailures = 3;
/** Losses of one task to restarts and dropped connections before somebody has to look. */
const maxLosses = 6;

/** Outcome of an attempt that the server answered from its cache; its seconds say nothing about the card. */
export const cachedOutcome = 'rendered_from_cache';

export interface Dispatch {
  attempt: Attempt;
  job: Job;
  graph: WorkflowGraph;
}

/** Every write that the leader makes about attempts: under its fence, with the job locked, announced in the same transaction. */
@Injectable()
export class AttemptsService {
  constructor(
    private readonly db: DataSource,
    private readonly journal: JobJournal,
    private readonly workflows: WorkflowLibrary,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Books a card for a waiting task. Undefined when the task is no longer waiting. The unique index makes a second booking of the card fail. */
  claim(fence: string, taskId: string, jobId: string, gpu: { name: string; inventory: GpuInventory }, estimatedSeconds: number | null): Promise<Dispatch | undefined> {
    return this.db.transaction(async (tx) => {
      await requireFence(tx, schedulerLease, fence);
      const job = await this.journal.lock(tx, jobId);
      const task = await tx.findOneByOrFail(Task, { id: taskId });
      if (task.state !== 'queued') return undefined;
      const n = task.attempts + 1;
      const now = this.clock.now();
      const workflow = this.workflows.get(job.workflow);
      const values = parametersOf(job, task);
      const prefix = `tower/${job.id}/${String(task.idx + 1).padStart(3, '0')}-a${n}`;
      const { graph } = composeGraph(workflow, { values, parts: job.parts, plan: task.plan, prefix, images: {} });
      const attempt = tx.create(Attempt, {
        id: newId(), taskId, jobId, n, gpu: gpu.name, promptId: v5(`${taskId}:${n}`, promptNamespace), state: 'dispatching', seed: task.seed, fence, dispatchedAt: now,
        postDeadline: new Date(now.getTime() + postWindowMs), startedAt: null, endedAt: null, seconds: null, estimatedSeconds, outcome: null, outputs: null, error: null,
        progress: progressAtDispatch(gpu.name), verdict: null, scores: [],
      });
      await tx.insert(Attempt, attempt as object);
      await tx.insert(GenerationParams, {
        attemptId: attempt.id, jobId, graph: graph as object, graphSha256: graphSha256(graph), parameters: values, workflow: job.workflow, workflowVersion: job.workflowVersion,
        comfyuiVersion: gpu.inventory.comfyuiVersion, device: gpu.inventory.device, pytorchVersion: gpu.inventory.pytorchVersion, recordedAt: now,
      });
      await this.journal.moveTask(tx, task, 'rendering', { attempts: n });
      await this.journal.settle(tx, job, { gpu: gpu.name });
      await this.journal.record(tx, job, attemptDispatched, { ...factsOf(attempt), promptId: attempt.promptId, seed: attempt.seed, estimatedSeconds });
      return { attempt, job, graph };
    });
  }

  /** The server has the prompt. */
  async running(fence: string, attemptId: string): Promise<void> {
    await this.db.transaction(async (tx) => {
      await requireFence(tx, schedulerLease, fence);
      await tx.update(Attempt, { id: attemptId, state: 'dispatching' }, { state: 'running', startedAt: this.clock.now() });
    });
  }

  /** The server is done; from here on the card is free and the files are fetched. `seconds` is the server's own measurement, if it gave one. */
  async rendered(fence: string, attempt: Attempt, outputs: FileRef[], measured: { seconds: number | undefined; cached: boolean }): Promise<void> {
    const now = this.clock.now();
    const seconds = measured.seconds ?? (now.getTime() - attempt.dispatchedAt.getTime()) / 1000;
    await this.db.transaction(async (tx) => {
      await requireFence(tx, schedulerLease, fence);
      await tx.update(Attempt, { id: attempt.id, state: In(['dispatching', 'running']) }, { state: 'collecting', endedAt: now, seconds, outputs, outcome: measured.cached ? cachedOutcome : 'rendered' });
    });
  }

  /** The attempt failed for a reason that may come again: the same card is not tried again, another one is if there is one that could. */
  fail(fence: string, attempt: Attempt, failure: Failure): Promise<void> {
    return this.end(fence, attempt, 'failed', failure.kind, failure.error, async (tx, job, task) => {
      const excludedGpus = afterFailure[failure.kind] === 'other_gpu' ? [...new Set([...task.excludedGpus, attempt.gpu])] : task.excludedGpus;
      const failures = await tx.countBy(Attempt, { taskId: task.id, state: 'failed' });
      const willRetry = failures < maxFailures && (await this.someCardCould(tx, job, task, excludedGpus));
      if (willRetry) await this.journal.moveTask(tx, task, 'queued', { excludedGpus, error: failure.error });
      else await this.journal.moveTask(tx, task, failure.kind === 'hung' ? 'timeout' : 'failed', { excludedGpus, error: failure.error });
      await this.journal.record(tx, job, attemptFailed, { ...factsOf(attempt), error: failure.error, willRetry });
    });
  }

  /** The prompt vanished through no fault of the request: a restart, a cleared queue, a refused connection. */
  lose(fence: string, attempt: Attempt, reason: string): Promise<void> {
    return this.end(fence, attempt, 'lost', reason, null, async (tx, job, task) => {
      const losses = task.losses + 1;
      if (losses < maxLosses) await this.journal.moveTask(tx, task, 'queued', { losses, notBefore: new Date(this.clock.now().getTime() + 500 * 2 ** losses) });
      else
        await this.journal.moveTask(tx, task, 'failed', {
          losses,
          error: { code: 'attempt_lost_repeatedly', message: `the prompt was lost ${losses} times, last on ${attempt.gpu}: ${reason}`, hint: 'A ComfyUI server keeps restarting or its queue is being cleared; its log says why.' },
        });
      await this.journal.record(tx, job, attemptLost, { ...factsOf(attempt), reason });
    });
  }

  private end(
    fence: string, attempt: Attempt, state: 'failed' | 'lost', outcome: string, error: JobError | null, then: (tx: EntityManager, job: Job, task: Task) => Promise<void>,
  ): Promise<void> {
    return this.db.transaction(async (tx) => {
      await requireFence(tx, schedulerLease, fence);
      const job = await this.journal.lock(tx, attempt.jobId);
      const now = this.clock.now();
      const moved = await tx.update(Attempt, { id: attempt.id, state: In(attemptStatesBefore(state)) }, { state, endedAt: now, outcome: outcome.slice(0, 300), error });
      // Cancelled in the meantime: nothing of it matters any more.
      if (moved.affected !== 1) return;
      const task = await tx.findOneByOrFail(Task, { id: attempt.taskId });
      await then(tx, job, task);
      await this.journal.settle(tx, job, { reason: outcome });
    });
  }

  private async someCardCould(tx: EntityManager, job: Job, task: Task, excludedGpus: string[]): Promise<boolean> {
    const waiting = toWaiting({ task_id: task.id, job_id: job.id, workflow: job.workflow, model_name: job.modelName, width: job.width, height: job.height, steps: job.steps, excluded_gpus: excludedGpus }, this.workflows);
    // A card that is down now may be back before long.
    return (await configuredGpus(tx)).some((gpu) => unfit({ ...toCard(gpu), up: true }, waiting) === undefined);
  }
}

const factsOf = (attempt: Attempt) => ({ taskId: attempt.taskId, attemptId: attempt.id, attempt: attempt.n, gpu: attempt.gpu });

const parametersOf = (job: Job, task: Task): ParameterValues => (job.parameters['seed'] === undefined ? job.parameters : { ...job.parameters, seed: task.seed });
