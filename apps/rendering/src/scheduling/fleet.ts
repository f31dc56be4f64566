import { Inject, Injectable } from '@nestjs/common';
import type { GpuView } from '@tower/contracts';
import { CLOCK, type Clock } from '@tower/kit';
import { DataSource } from 'typeorm';
import { estimateAttempt, type AttemptEstimate, type Sample, type Work } from '../estimates/estimate';
import { forecast, remaining, type Span } from '../estimates/forecast';
import type { Gpu } from '../gpus/gpu.entity';
import type { Attempt, JobError } from '../jobs/job.entity';
import { classesOf } from '../workflows/bind';
import { toCardStock } from '../workflows/card-stock';
import { noChanges, noParts } from '../workflows/composition';
import type { Requirements } from '../workflows/missing';
import { promisedResult } from '../workflows/planned-values';
import { RequirementsMemory } from '../workflows/requirements-memory';
import type { Workflow } from '../workflows/workflow-file';
import { WorkflowLibrary } from '../workflows/workflow-library';
import { pinnedTo } from './ladder';
import { amongCards, type Card, type Waiting } from './pick';
import { workOf } from './recovery-work';
import { configuredGpus, liveAttempts, liveWorks, recentSamples, waitingTasks, type WaitingRow } from './queue.queries';
import { VramMemory } from './vram-memory';
import { neededMb, type VramNeed, type VramWork } from './vram-need';

export type WaitingTask = Waiting & Work;

/** A waiting task that no card can ever take, and why. */
export interface HopelessTask {
  taskId: string;
  jobId: string;
  error: JobError;
}

/** Cards, running attempts, waiting tasks and measurements at one moment: what estimates and explanations are made from. */
export class Fleet {
  readonly cards: Card[];
  readonly waiting: WaitingTask[];
  /** Tasks that wait in vain on whatever card. */
  readonly hopeless: HopelessTask[];
  private forecasted: Map<string, Span> | undefined;

  constructor(
    readonly gpus: readonly Gpu[],
    readonly live: readonly Attempt[],
    rows: readonly WaitingRow[],
    private readonly samples: readonly Sample[],
    needs: readonly VramNeed[],
    private readonly workflows: WorkflowLibrary,
    private readonly workOfAttempt: ReadonlyMap<string, Work>,
    private readonly now: Date,
  ) {
    this.cards = gpus.map(toCard);
    this.hopeless = rows.flatMap((row) => hopelessnessOf(row, workflows) ?? []);
    const lost = new Set(this.hopeless.map((task) => task.taskId));
    this.waiting = rows
      .filter((row) => !lost.has(row.task_id))
      .map((row) => amongCards(this.cards, { ...toWaiting(row, workflows), needsMb: neededMb(needs, workOfRow(row, workflows)) }));
  }

  estimate(work: Work, gpu: string): AttemptEstimate {
    return estimateAttempt(work, gpu, this.samples, this.workflows.get(work.workflow).file.priors);
  }

  /** What a running attempt still needs. */
  remainingOf(attempt: Attempt): { seconds: number; low: number; high: number; basis: string; confidence: number | null } {
    const work = this.workOfAttempt.get(attempt.id);
    const elapsed = (this.now.getTime() - attempt.dispatchedAt.getTime()) / 1000;
    if (work === undefined || this.workflows.find(work.workflow) === undefined) return { seconds: 0, low: 0, high: 0, basis: 'unknown work', confidence: null };
    const estimate = this.estimate(work, attempt.gpu);
    const left = remaining(estimate, elapsed, attempt.progress?.percent ?? 0);
    return { ...left, confidence: left.basis === estimate.basis ? estimate.confidence : null };
  }

  spanOf(taskId: string): Span | undefined {
    this.forecasted ??= this.forecastWith([]);
    return this.forecasted.get(taskId);
  }

  /** The forecast as it would be with these tasks at the end of the line. */
  forecastWith(more: readonly WaitingTask[]): Map<string, Span> {
    const busy = new Map(this.live.map((attempt) => [attempt.gpu, this.remainingOf(attempt)]));
    return forecast(this.cards, busy, [...this.waiting, ...more], (task, gpu) => this.estimate(task, gpu));
  }

  /** How many tasks are served before this one; undefined when it does not wait. */
  ahead(taskId: string): number | undefined {
    const index = this.waiting.findIndex((task) => task.taskId === taskId);
    return index === -1 ? undefined : index;
  }
}

/** Milliseconds for which measurements are taken as still the same; they change once per attempt. */
const samplesForMs = 2_000;

/** The fleet as answers read it, over the connections that are for answers. */
export const ANSWERS_FLEET = Symbol('ANSWERS_FLEET');

/** Reads the fleet; side by side, because a card may be waiting for the answer. */
@Injectable()
export class FleetReader {
  private samples: { readAtMs: number; rows: Promise<Sample[]> } | undefined;

  constructor(
    private readonly db: DataSource,
    private readonly workflows: WorkflowLibrary,
    private readonly vram: VramMemory,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async read(): Promise<Fleet> {
    const { manager } = this.db;
    const [gpus, live, works, rows, samples, needs] = await Promise.all([
      configuredGpus(manager), liveAttempts(manager), liveWorks(manager), waitingTasks(manager), this.recent(), this.vram.all(manager),
    ]);
    return new Fleet(gpus, live, rows, samples, needs, this.workflows, new Map(works.map((work) => [work.attempt_id, work])), this.clock.now());
  }

  private recent(): Promise<Sample[]> {
    const nowMs = this.clock.monotonicMs();
    if (!this.samples || nowMs - this.samples.readAtMs > samplesForMs) {
      const rows = recentSamples(this.db.manager);
      this.samples = { readAtMs: nowMs, rows };
      // A failed read must not be remembered.
      rows.catch(() => (this.samples = undefined));
    }
    return this.samples.rows;
  }
}

const requirements = new RequirementsMemory();

/** Undefined for a task whose parameters were not asked for. */
const requirementsOfRow = (workflow: Workflow, { parameters, parts, plan }: WaitingRow): Requirements | undefined =>
  parameters && requirements.of(workflow, { values: parameters, parts: parts ?? noParts, plan: plan ?? noChanges });

export function toCard(gpu: Gpu): Card {
  return {
    name: gpu.name,
    position: gpu.position,
    prefers: gpu.config.prefers,
    only: gpu.config.only,
    idle: gpu.state === 'idle',
    up: gpu.state !== 'down' && gpu.state !== 'unknown' && gpu.state !== 'unhealthy',
    trouble: gpu.state === 'unhealthy' ? `${gpu.name}: ${gpu.detail}` : undefined,
    vramMb: gpu.config.vram_mb ?? gpu.inventory?.vramMb ?? null,
    foreignPrompts: gpu.foreignPrompts,
    checkpoints: gpu.inventory?.checkpoints ?? [],
    nodes: new Set(gpu.inventory?.nodes),
    stock: toCardStock(gpu),
  };
}

/** The template was removed or changed under a waiting task, or what recovery planned does not fit it. */
function hopelessnessOf(row: WaitingRow, workflows: WorkflowLibrary): HopelessTask | undefined {
  const of = { taskId: row.task_id, jobId: row.job_id };
  const workflow = workflows.find(row.workflow);
  if (workflow === undefined)
    return { ...of, error: { code: 'workflow_gone', message: `workflow ${row.workflow} is no longer among the templates`, hint: 'Put the template back and ask again, or ask for another workflow; GET /workflows lists them.' } };
  const fault = requirementsOfRow(workflow, row)?.fault;
  if (fault === undefined) return undefined;
  return { ...of, error: { code: 'workflow_makes_no_graph', message: `workflow ${row.workflow} makes no graph of this job: ${fault}`, hint: 'The template was changed since the job was accepted, or has a fault; ask again, or mend it in workflows/.' } };
}

export function toWaiting(row: WaitingRow, workflows: WorkflowLibrary): WaitingTask {
  const workflow = workflows.get(row.workflow);
  const plan = row.plan ?? noChanges;
  // What recovery made smaller takes less time.
  const { width, height, frames = 1 } = plan.steps.length > 0 && row.parameters ? promisedResult(workflow, row.parameters, plan) : row;
  return {
    taskId: row.task_id, jobId: row.job_id, work: workflow.file.work, modelName: row.model_name, classes: classesOf(workflow), excludedGpus: row.excluded_gpus, pinnedGpu: pinnedTo(row.recovery ?? []), requires: requirementsOfRow(workflow, row),
    workflow: row.workflow, width, height, frames, steps: row.steps, plan,
  };
}

const workOfRow = (row: WaitingRow, workflows: WorkflowLibrary): VramWork =>
  workOf(workflows.get(row.workflow), { modelName: row.model_name, width: row.width, height: row.height, frames: row.frames ?? 1, parameters: row.parameters ?? null }, row.plan ?? noChanges);

export const toGpuView = (gpu: Gpu, currentJobId: string | null): GpuView => ({
  name: gpu.name,
  url: gpu.config.url.replace(/\/\/[^@/]*@/, '//'),
  vendor: gpu.config.vendor,
  state: gpu.state,
  detail: gpu.detail,
  simulated: gpu.inventory?.simulated ?? false,
  comfyui_version: gpu.inventory?.comfyuiVersion ?? null,
  device: gpu.inventory?.device ?? null,
  vram_mb: gpu.config.vram_mb ?? gpu.inventory?.vramMb ?? null,
  vram_free_mb: gpu.inventory?.vramFreeMb ?? null,
  prefers: gpu.config.prefers,
  only: gpu.config.only,
  checkpoints: gpu.inventory?.checkpoints ?? [],
  current_job_id: currentJobId,
  foreign_prompts: gpu.foreignPrompts,
  warnings: gpu.warnings,
  last_seen_at: gpu.lastSeenAt?.toISOString() ?? null,
});
