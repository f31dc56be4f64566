import { Inject, Injectable } from '@nestjs/common';
import { RequestClient } from '@tower/bus';
import {
  fullRequestOf,
  getProjectRequest,
  getPromptPartsRequest,
  getUnfiledProjectRequest,
  givenSeed,
  isOver,
  type cancelJobRequest,
  type EstimateView,
  type GenerateRequest,
  type InputOf,
  type JobAccepted,
  type JobView,
  type OutputOf,
  type RequestContext,
  type requestJobRequest,
  type ShortGenerateRequest,
} from '@tower/contracts';
import { earlierAnswer, onceByKey } from '@tower/db';
import { AppError, CLOCK, newId, newIdAt, type Clock } from '@tower/kit';
import { ANSWERS_DB } from '@tower/service';
import { DataSource, type EntityManager } from 'typeorm';
import { knownChoices } from '../cards/known-choices';
import { JobStore } from '../jobs/job-store';
import { Job } from '../jobs/job.entity';
import { rankOf, placeInQueue } from '../jobs/queue-place';
import { chooseSeed } from '../jobs/seed';
import type { Task } from '../jobs/task.entity';
import type { PlaceInLine } from '../planning/queue.queries';
import type { Snapshot } from '../planning/snapshot';
import type { WaitingTask } from '../planning/waiting-task';
import { ANSWERS_SNAPSHOT, type SnapshotReader } from '../planning/snapshot-reader';
import { beyondForecast, noCardCanRunIt, toEstimate, unknownEstimate } from '../views/estimate-view';
import { JobsReader } from '../views/jobs.reader';
import { Catalogue } from '../workflows/catalogue';
import type { Workflow } from '../workflows/template/workflow-file';
import { promisedResult } from '../workflows/values/planned-values';
import type { KnownChoices } from '../workflows/values/resolve-values';
import { arrivalOf } from './arrival';
import { InputFiles } from './input-files';
import { withStatedFamily } from './model-statement';
import { assemblePrompt } from './prompt-reading';
import { QueueCeiling } from './queue-ceiling';
import { resolveRequest, type ResolvedRequest } from './resolve-request';

const requestScope = 'request_job';

/** What people ask of jobs: new ones, and that they be cancelled. */
@Injectable()
export class RequestsService {
  constructor(
    private readonly store: JobStore,
    private readonly reader: JobsReader,
    private readonly workflows: Catalogue,
    @Inject(ANSWERS_SNAPSHOT) private readonly snapshots: SnapshotReader,
    private readonly inputs: InputFiles,
    private readonly ceiling: QueueCeiling,
    private readonly requests: RequestClient,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(ANSWERS_DB) private readonly answersDb: DataSource,
  ) {}

  /** What the older short form asks for; its project is the one for work that names none. */
  async full(short: ShortGenerateRequest, correlationId: string): Promise<GenerateRequest> {
    const project = await this.requests.ask(getUnfiledProjectRequest, { context: { correlationId } });
    return fullRequestOf(short, project.id);
  }

  /**
   * Accepts a job or says exactly what is wrong with it; throws `queue_full` when too much waits already. Nothing is
   * promised before the row is committed.
   */
  async request({ context, body }: InputOf<typeof requestJobRequest>): Promise<JobAccepted> {
    // Asked beside the rest: nearly every request is new, and a card may wait for it.
    const [repeat, ground] = await Promise.allSettled([
      earlierAnswer<JobAccepted>(this.answersDb.manager, requestScope, context.idempotencyKey, body),
      this.groundFor(body),
    ]);
    if (repeat.status === 'rejected') throw repeat.reason;
    // A repeat gets its first answer, whatever has become of the project, the workflows or the neighbours since.
    if (repeat.value !== undefined) return repeat.value;
    if (ground.status === 'rejected') throw ground.reason;
    const [snapshot, project, parts] = ground.value;
    if (project.archived_at !== null)
      throw new AppError(
        'conflict',
        'project_archived',
        `project ${project.id} is archived; no new work is taken for it`,
      );
    const prompt = assemblePrompt(body, parts.characters);
    const seed = givenSeed(body) ?? chooseSeed(body.count);
    const known = knownChoices(snapshot.gpus);
    const plan = await resolveRequest(
      this.answersDb.manager,
      this.inputs,
      this.workflowFor(body, snapshot, known),
      body,
      prompt,
      seed,
      known,
    );
    await this.snapshots.learn(snapshot, [plan.workflow.file.name]);
    const rank = rankOf[body.priority];
    const [before = null] = snapshot.isBeyondForecast(rank)
      ? await this.snapshots.before([endOfRank(rank, this.clock.now())])
      : [];

    return this.answersDb.transaction((tx) =>
      onceByKey(tx, requestScope, context.idempotencyKey, body, async () => {
        await this.ceiling.admit(tx, body.count);
        const { job, tasks } = await this.insert(tx, context, body, plan, prompt, seed, project.slug);
        return this.accepted(job, tasks, snapshot, before, body, plan);
      }),
    );
  }

  /**
   * What a request stands on: the cards and the line before it, its project, what its characters add. Throws what is
   * wrong with these.
   */
  private async groundFor(
    body: GenerateRequest,
  ): Promise<[Snapshot, OutputOf<typeof getProjectRequest>, OutputOf<typeof getPromptPartsRequest>]> {
    if (body.workflow !== undefined) this.workflows.get(body.workflow);
    return Promise.all([
      this.snapshots.read(),
      this.requests.ask(getProjectRequest, { id: body.project_id }),
      body.character_ids.length === 0
        ? { characters: [] }
        : this.requests.ask(getPromptPartsRequest, { project_id: body.project_id, character_ids: body.character_ids }),
    ]);
  }

  private workflowFor(body: GenerateRequest, snapshot: Snapshot, known: KnownChoices): Workflow {
    if (body.workflow !== undefined) return this.workflows.get(body.workflow);
    const startImage = body.start_image !== undefined || body.parameters['start_image'] !== undefined;
    const { families } = withStatedFamily(known, body);
    return this.workflows.defaultFor(body.job_type, {
      startImage,
      modelName: body.model_name,
      families,
      cards: snapshot.cards,
    });
  }

  /** Cancelling twice is the same as once; a job that ended otherwise stays as it is. */
  async cancel({ id, reason }: InputOf<typeof cancelJobRequest>): Promise<JobView> {
    await this.answersDb.transaction(async (tx) => {
      const job = await this.store.lock(tx, id);
      if (job.state === 'cancelled') return;
      if (isOver(job.state))
        throw new AppError(
          'conflict',
          'job_already_over',
          `job ${id} has ended as ${job.state}; there is nothing left to cancel`,
        );
      await this.store.cancel(tx, job, reason === '' ? 'cancelled on request' : reason);
    });
    return this.reader.get(id);
  }

  private async insert(
    tx: EntityManager,
    context: RequestContext,
    body: GenerateRequest,
    { workflow, values, parts, images, promised, warnings }: ResolvedRequest,
    prompt: { positive: string; negative: string },
    seed: number,
    projectSlug: string,
  ): Promise<{ job: Job; tasks: Pick<Task, 'id' | 'kind'>[] }> {
    const now = await arrivalOf(tx, this.clock.now());
    const job = tx.create(Job, {
      id: newIdAt(now),
      projectId: body.project_id,
      projectSlug,
      characterIds: body.character_ids,
      jobType: body.job_type,
      workflow: workflow.file.name,
      workflowVersion: workflow.file.version,
      preset: body.preset,
      priority: body.priority,
      rank: rankOf[body.priority],
      state: 'pending',
      prompt: body.prompt,
      negativePrompt: body.negative_prompt,
      fullPrompt: prompt.positive,
      fullNegativePrompt: prompt.negative,
      dynamicPrompts: body.dynamic_prompts,
      modelName: textOf(values, 'model_name') ?? '',
      width: promised.width,
      height: promised.height,
      steps: Number(values['steps'] ?? 0),
      cfgScale: values['cfg_scale'] === undefined ? null : Number(values['cfg_scale']),
      samplerName: textOf(values, 'sampler_name'),
      scheduler: textOf(values, 'scheduler'),
      frames: promised.frames,
      fps: promised.fps,
      warnings,
      allowDegrade: body.allow_degrade,
      parameters: values,
      parts,
      images,
      seed,
      count: body.count,
      autoQualityCheck: body.auto_quality_check,
      maxRegenerations: body.max_regenerations,
      seq: 0,
      error: null,
      correlationId: context.correlationId,
      createdAt: now,
      queuedAt: null,
      startedAt: null,
      renderedAt: null,
      endedAt: null,
    });
    const place = placeInQueue(job, workflow);
    const tasks = Array.from({ length: body.count }, (_, idx) => ({
      id: newId(),
      jobId: job.id,
      idx,
      ...place,
      seed: seed + idx,
      createdAt: now,
    }));
    await this.store.enqueue(tx, job, tasks, {
      jobType: job.jobType,
      workflow: job.workflow,
      count: job.count,
      priority: job.priority,
      ...(job.fps === null ? {} : { frames: job.frames, fps: job.fps }),
      ...(warnings.length === 0 ? {} : { warnings }),
    });
    return { job, tasks };
  }

  /**
   * The estimate is for the end of the line as it was a moment ago. `before`: about how many tasks wait there, where
   * that is more than the forecast looks at.
   */
  private accepted(
    job: Job,
    tasks: readonly Pick<Task, 'id' | 'kind'>[],
    snapshot: Snapshot,
    before: number | null,
    body: GenerateRequest,
    plan: ResolvedRequest,
  ): JobAccepted {
    const now = this.clock.now();
    const own = tasks.map((task, index) =>
      snapshot.see({
        task_id: task.id,
        job_id: job.id,
        workflow: job.workflow,
        model_name: job.modelName,
        width: job.width,
        height: job.height,
        steps: job.steps,
        frames: job.frames,
        excluded_gpus: [],
        // What holds for the first holds for all.
        ...(index === 0 ? { parameters: job.parameters, parts: job.parts } : {}),
        rank: job.rank,
        kind: task.kind,
      }),
    );
    const spans = before === null ? snapshot.spansBehind(job.rank, own) : [];
    const estimate = estimateAtArrival(
      snapshot,
      own,
      before === null ? toEstimate(spans, now) : unknownEstimate(beyondForecast(before)),
    );
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
      sound: plan.promised.sound,
      warnings: job.warnings,
      estimate,
      suggestion: suggestDraft(plan, body, estimate.remaining_seconds, (draft) => {
        const first = own[0];
        const span = spans[0];
        return first && span ? span.startIn + snapshot.estimate({ ...first, ...draft }, span.gpu).seconds : undefined;
      }),
      websocket_url: `/ws/jobs/${job.id}`,
      job_url: `/api/anime/jobs/${job.id}`,
    };
  }
}

/** What the line says, unless nobody can run it or nothing is given out for the time being. */
function estimateAtArrival(snapshot: Snapshot, own: readonly WaitingTask[], inLine: EstimateView): EstimateView {
  if (snapshot.pause !== undefined) return unknownEstimate(`unknown: ${snapshot.pause}`);
  const impossible = own.find((task) => !snapshot.isTakenBySomeCard(task));
  return impossible === undefined ? inLine : unknownEstimate(noCardCanRunIt(snapshot, impossible));
}

/** Behind everything of this rank that waits now. */
const endOfRank = (rank: number, now: Date): PlaceInLine => ({
  rank,
  created_at: now,
  job_id: 'ffffffff-ffff-ffff-ffff-ffffffffffff',
  idx: 0,
});

/** The value of a parameter that is a name; null where the workflow has none. */
const textOf = (values: ResolvedRequest['values'], name: string): string | null =>
  typeof values[name] === 'string' ? values[name] : null;

/** A sentence when a draft of the same picture would be there in half the time or less. */
function suggestDraft(
  { workflow, values }: ResolvedRequest,
  body: GenerateRequest,
  seconds: number | null,
  draftSeconds: (draft: Pick<WaitingTask, 'width' | 'height' | 'steps' | 'frames'>) => number | undefined,
): string | null {
  const preset = workflow.file.presets.draft;
  if (body.preset === 'draft' || preset === undefined || seconds === null || body.count > 1) return null;
  // What the request itself says stays as it is; only the preset's own share would change.
  const drafted = Object.fromEntries(
    Object.entries(preset).filter(
      ([name]) => body[name as keyof GenerateRequest] === undefined && body.parameters[name] === undefined,
    ),
  );
  const { width, height, frames } = promisedResult(workflow, { ...values, ...drafted });
  const draft = draftSeconds({ width, height, frames, steps: Number(drafted['steps'] ?? values['steps'] ?? 0) });
  return draft !== undefined && draft * 2 <= seconds
    ? `The draft preset would be ready in about ${Math.max(1, Math.round(draft))} s.`
    : null;
}
