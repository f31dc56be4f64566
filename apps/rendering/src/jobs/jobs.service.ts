import { Inject, Injectable } from '@nestjs/common';
import { RequestClient } from '@tower/bus';
import {
  attemptSettled, getProjectRequest, getPromptPartsRequest, jobQueued, jobRequested, type attemptJudged, type cancelJobRequest, type EventOf, type GenerateRequest, type InputOf,
  type JobAccepted, type JobView, type RequestContext, type requestJobRequest,
} from '@tower/contracts';
import { handleOnce, onceByKey } from '@tower/db';
import { AppError, CLOCK, newId, type Clock } from '@tower/kit';
import { DataSource, In, type EntityManager } from 'typeorm';
import { FleetReader, toWaiting, type Fleet, type WaitingTask } from '../scheduling/fleet';
import { resolveParameters } from '../workflows/bind';
import { noParts, type ParameterValues } from '../workflows/composition';
import type { Workflow } from '../workflows/workflow-file';
import { WorkflowLibrary } from '../workflows/workflow-library';
import { Attempt, Job, Task } from './job.entity';
import { JobJournal } from './job-journal';
import { assemblePrompt, chooseSeed, givenParameters, knownChoices, nextSeed, rankOf } from './job-request';
import { JobsReader } from './jobs.reader';
import { toEstimate } from './job-view';
import { attemptStatesBefore, isJobOver, isTaskOver } from './moves';

/** What people ask of jobs, and what other services report about them. */
@Injectable()
export class JobsService {
  constructor(
    private readonly db: DataSource,
    private readonly journal: JobJournal,
    private readonly reader: JobsReader,
    private readonly workflows: WorkflowLibrary,
    private readonly fleets: FleetReader,
    private readonly requests: RequestClient,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Accepts a job or says exactly what is wrong with it. Nothing is promised before the row is committed. */
  async request({ context, body }: InputOf<typeof requestJobRequest>): Promise<JobAccepted> {
    const workflow = body.workflow === undefined ? this.workflows.defaultFor(body.job_type) : this.workflows.get(body.workflow);
    const [fleet, project, parts] = await Promise.all([
      this.fleets.read(),
      this.requests.ask(getProjectRequest, { id: body.project_id }),
      body.character_ids.length === 0 ? { characters: [] } : this.requests.ask(getPromptPartsRequest, { project_id: body.project_id, character_ids: body.character_ids }),
    ]);
    if (project.archived_at !== null) throw new AppError('conflict', 'project_archived', `project ${project.id} is archived; no new work is taken for it`);
    const prompt = assemblePrompt(body, parts.characters);
    const seed = body.seed ?? chooseSeed(body.count, Math.random);
    const known = knownChoices(fleet.gpus);
    const values = resolveParameters(workflow, body.preset, givenParameters(body, prompt, seed), known);

    return this.db.transaction((tx) =>
      onceByKey(tx, 'request_job', context.idempotencyKey, body, async () => {
        const { job, tasks } = await this.insert(tx, context, body, workflow, values, project.slug);
        return this.accepted(job, tasks, fleet, workflow, body, values);
      }),
    );
  }

  /** Cancelling twice is the same as once; a job that ended otherwise stays as it is. */
  async cancel({ context, id, reason }: InputOf<typeof cancelJobRequest>): Promise<JobView> {
    await this.db.transaction(async (tx) => {
      const job = await this.journal.lock(tx, id);
      if (job.state === 'cancelled') return;
      if (isJobOver(job.state)) throw new AppError('conflict', 'job_already_over', `job ${id} has ended as ${job.state}; there is nothing left to cancel`);
      const now = this.clock.now();
      for (const task of await tx.findBy(Task, { jobId: id })) if (!isTaskOver(task.state)) await this.journal.moveTask(tx, task, 'cancelled');
      // The prompt itself is taken off the card by the scheduler, which sees a prompt of ours without a live attempt.
      await tx.update(Attempt, { jobId: id, state: In(attemptStatesBefore('cancelled')) }, { state: 'cancelled', endedAt: now, outcome: 'cancelled' });
      await this.journal.settle(tx, job, { reason: reason === '' ? 'cancelled on request' : reason, causationId: undefined });
    });
    void context;
    return this.reader.get(id);
  }

  /** What quality found. Passing ends the task; failing tries another seed while regenerations are left. */
  async settleVerdict(event: EventOf<typeof attemptJudged>): Promise<void> {
    const { jobId, attemptId, verdict, reasons, scores } = event.data;
    await handleOnce(this.db, 'rendering', event.id, async (tx) => {
      const job = await this.journal.lock(tx, jobId);
      const attempt = await tx.findOneBy(Attempt, { id: attemptId });
      // Judged after it was cancelled: the scores stay with quality, nothing changes here.
      if (attempt?.state !== 'checking') return;
      const task = await tx.findOneByOrFail(Task, { id: attempt.taskId });
      const passed = verdict === 'passed';
      await tx.update(Attempt, { id: attemptId, state: 'checking' }, { state: passed ? 'succeeded' : 'rejected', verdict, scores });
      const again = !passed && task.regenerations < job.maxRegenerations;
      if (passed) await this.journal.moveTask(tx, task, 'done', { error: null });
      else if (again) await this.journal.moveTask(tx, task, 'queued', { regenerations: task.regenerations + 1, seed: nextSeed(task.seed) });
      else await this.journal.moveTask(tx, task, 'rejected', { error: rejection(reasons, task.regenerations) });
      const facts = { taskId: task.id, attemptId, attempt: attempt.n, gpu: attempt.gpu, verdict, willRegenerate: again };
      await this.journal.record(tx, job, attemptSettled, facts, { causationId: event.id });
      await this.journal.settle(tx, job, { reason: again ? `regenerates: ${reasons.join(', ')}` : '', causationId: event.id });
    });
  }

  private async insert(tx: EntityManager, context: RequestContext, body: GenerateRequest, workflow: Workflow, values: ParameterValues, projectSlug: string): Promise<{ job: Job; tasks: Pick<Task, 'id'>[] }> {
    const now = this.clock.now();
    const seed = Number(values['seed']);
    const job = tx.create(Job, {
        id: newId(), projectId: body.project_id, projectSlug, characterIds: body.character_ids, jobType: body.job_type, workflow: workflow.file.name,
        workflowVersion: workflow.file.version, preset: body.preset, priority: body.priority, rank: rankOf[body.priority], state: 'pending', prompt: body.prompt,
        negativePrompt: body.negative_prompt, fullPrompt: String(values['prompt']), fullNegativePrompt: String(values['negative_prompt']), modelName: String(values['model_name']),
        width: Number(values['width']), height: Number(values['height']), steps: Number(values['steps']), cfgScale: Number(values['cfg_scale']),
        samplerName: String(values['sampler_name']), scheduler: String(values['scheduler']), frames: 1, fps: null, allowDegrade: body.allow_degrade, parameters: values, parts: noParts, images: {}, seed, count: body.count, autoQualityCheck: body.auto_quality_check,
        maxRegenerations: body.max_regenerations, seq: 0, error: null, correlationId: context.correlationId, createdAt: now, queuedAt: null, startedAt: null, renderedAt: null, endedAt: null,
      });
    await tx.insert(Job, job);
    await this.journal.record(tx, job, jobRequested, { jobType: job.jobType, workflow: job.workflow, count: job.count, priority: job.priority });
    const tasks = Array.from({ length: body.count }, (_, idx) => ({
      id: newId(), jobId: job.id, idx, state: 'queued' as const, seed: seed + idx, attempts: 0, losses: 0, regenerations: 0, excludedGpus: [], notBefore: null, error: null, createdAt: now,
    }));
    await tx.insert(Task, tasks);
    Object.assign(job, { state: 'queued', queuedAt: now });
    await tx.update(Job, { id: job.id, state: 'pending' }, { state: 'queued', queuedAt: now });
    await this.journal.record(tx, job, jobQueued, { reason: 'accepted' });
    return { job, tasks };
  }

  /** The estimate is for the end of the line as it was a moment ago. */
  private accepted(job: Job, tasks: readonly Pick<Task, 'id'>[], fleet: Fleet, workflow: Workflow, body: GenerateRequest, values: ParameterValues): JobAccepted {
    const now = this.clock.now();
    const size = { workflow: job.workflow, width: job.width, height: job.height, steps: job.steps };
    const own = tasks.map((task) => toWaiting({ ...size, task_id: task.id, job_id: job.id, model_name: job.modelName, excluded_gpus: [] }, this.workflows));
    const forecast = fleet.forecastWith(own);
    const spans = own.flatMap((task) => forecast.get(task.taskId) ?? []);
    const estimate = spans.length === own.length ? toEstimate(spans, now) : { ...toEstimate([], now), basis: 'unknown: no card that answers can run it' };
    return {
      job_id: job.id,
      status: job.state,
      seed: job.seed,
      count: job.count,
      workflow: job.workflow,
      model_name: job.modelName,
      width: job.width,
      height: job.height,
      frame_count: job.frames,
      fps: job.fps,
      duration_seconds: job.fps === null ? null : job.frames / job.fps,
      estimate,
      suggestion: suggestDraft(workflow, body, values, estimate.remaining_seconds, (draft) => {
        const first = own[0];
        const span = spans[0];
        return first && span ? span.startIn + fleet.estimate({ ...first, ...draft }, span.gpu).seconds : undefined;
      }),
      websocket_url: `/ws/jobs/${job.id}`,
      job_url: `/api/anime/jobs/${job.id}`,
    };
  }
}

const rejection = (reasons: readonly string[], regenerations: number) => ({
  code: 'quality_rejected',
  message: `no attempt passed ${reasons.join(', ')} (${regenerations + 1} tried)`,
  hint: 'Look at the artifacts; the best one is marked. Another prompt, seed or size may help.',
});

/** A sentence when a draft of the same picture would be there in half the time or less. */
function suggestDraft(
  workflow: Workflow, body: GenerateRequest, values: ParameterValues, seconds: number | null, draftSeconds: (draft: Pick<WaitingTask, 'width' | 'height' | 'steps'>) => number | undefined,
): string | null {
  const preset = workflow.file.presets.draft;
  if (body.preset === 'draft' || preset === undefined || seconds === null || body.count > 1) return null;
  const draft = draftSeconds({ width: Number(preset['width'] ?? values['width']), height: Number(preset['height'] ?? values['height']), steps: Number(preset['steps'] ?? values['steps']) });
  return draft !== undefined && draft * 2 <= seconds ? `The draft preset would be ready in about ${Math.max(1, Math.round(draft))} s.` : null;
}

