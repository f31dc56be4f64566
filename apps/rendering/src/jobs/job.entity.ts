import type { FileRef } from '@tower/comfyui';
import {
  isOver,
  jobState,
  type AttemptState,
  type JobError,
  type JobState,
  type JobView,
  type Priority,
  type ScoreView,
  type TaskState,
  type VerdictOutcome,
} from '@tower/contracts';
import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type {
  ChosenAlternative,
  InputImages,
  ParameterValues,
  Parts,
  Changes,
  RecoveryStep,
} from '../workflows/composition';

/** bigint columns arrive as text; seeds stay within the integers that JavaScript keeps exactly. */
const exactInteger = { to: (value: number): number => value, from: (value: string): number => Number(value) };

function listed(states: readonly JobState[]): string {
  return states.map((state) => `'${state}'`).join(',');
}

@Entity('job')
@Index('job_project', ['projectId', 'id'])
@Index('job_project_state', ['projectId', 'state', 'id'])
@Index('job_state', ['state', 'id'])
@Index('job_type', ['jobType', 'id'])
@Index('job_unfinished', { synchronize: false })
@Index('job_arrival', { synchronize: false })
@Check('job_state_known', `state in (${listed(jobState.options)})`)
@Check('job_end_is_terminal', `(ended_at is not null) = (state in (${listed(jobState.options.filter(isOver))}))`)
export class Job {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid') projectId!: string;
  @Column('text') projectSlug!: string;
  @Column('jsonb') characterIds!: string[];
  @Column('text') jobType!: JobView['job_type'];
  @Column('text') workflow!: string;
  @Column('int') workflowVersion!: number;
  @Column('text') preset!: JobView['preset'];
  @Column('text') priority!: Priority;
  /** 0 urgent to 3 low, to order by. */
  @Column('smallint') rank!: number;
  @Column('text') state!: JobState;
  @Column('text') prompt!: string;
  @Column('text') negativePrompt!: string;
  @Column('text') fullPrompt!: string;
  @Column('text') fullNegativePrompt!: string;
  /** Whether braces in its texts are alternatives; false in what was stored before they were. */
  @Column('boolean', { default: false }) dynamicPrompts!: boolean;
  @Column('text') modelName!: string;
  @Column('int') width!: number;
  @Column('int') height!: number;
  /** 0 where nothing is sampled. */
  @Column('int') steps!: number;
  /** These three are null where the workflow has no such parameter. */
  @Column('double precision', { nullable: true }) cfgScale!: number | null;
  @Column('text', { nullable: true }) samplerName!: string | null;
  @Column('text', { nullable: true }) scheduler!: string | null;
  /** Frames of one result: 1 for a picture. */
  @Column('int', { default: 1 }) frames!: number;
  /** Frames per second of a film; null for pictures. */
  @Column('double precision', { nullable: true }) fps!: number | null;
  /** What comes out otherwise than the inputs might lead one to expect, in sentences. */
  @Column('jsonb', { default: [] }) warnings!: string[];
  /** A smaller size is better than no result. */
  @Column('boolean', { default: false }) allowDegrade!: boolean;
  /** Every parameter of the workflow with its value, the columns above among them. */
  @Column('jsonb', { default: {} }) parameters!: ParameterValues;
  @Column('jsonb', { default: { loras: [], references: [], controlnets: [] } }) parts!: Parts;
  @Column('jsonb', { default: {} }) images!: InputImages;
  @Column('bigint', { transformer: exactInteger }) seed!: number;
  @Column('int') count!: number;
  @Column('boolean') autoQualityCheck!: boolean;
  @Column('int') maxRegenerations!: number;
  /** Number of the last job_event; bumped under the row lock, so the sequence has no gaps. */
  @Column('int') seq!: number;
  @Column('jsonb', { nullable: true }) error!: JobError | null;
  @Column('uuid') correlationId!: string;
  @Column('timestamptz') createdAt!: Date;
  @Column('timestamptz', { nullable: true }) queuedAt!: Date | null;
  @Column('timestamptz', { nullable: true }) startedAt!: Date | null;
  @Column('timestamptz', { nullable: true }) renderedAt!: Date | null;
  @Column('timestamptz', { nullable: true }) endedAt!: Date | null;
}

/** A file that a task waits for while it is downloaded. */
export interface WantedModel {
  gpu: string;
  folder: string;
  name: string;
  receivedBytes: number;
  totalBytes: number | null;
}

@Entity('task')
@Index('task_job', ['jobId'])
// Partial, so that they hold what waits and nothing of what was ever rendered.
@Index('task_ready', { synchronize: false })
@Index('task_ready_kind', { synchronize: false })
@Index('task_held', { synchronize: false })
@Index('task_wants_model', { synchronize: false })
export class Task {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid') jobId!: string;
  @Column('int') idx!: number;
  /** Its job's; here so that the queue is read in order from one index. Written by `queue-place.ts` alone. */
  @Column('smallint', { default: 2 }) rank!: number;
  /**
   * What decides which cards can take it: tasks of one kind are served alike, oldest first. Written by `queue-place.ts`
   * alone.
   */
  @Column('text', { default: '' }) kind!: string;
  @Column('text') state!: TaskState;
  @Column('bigint', { transformer: exactInteger }) seed!: number;
  @Column('int') attempts!: number;
  /** Attempts that ended without a fault of the request: lost servers, refused connections. */
  @Column('int') losses!: number;
  @Column('int') regenerations!: number;
  /** Cards that failed this task; sending it there again unchanged would fail again. */
  @Column('jsonb') excludedGpus!: string[];
  @Column('timestamptz', { nullable: true }) notBefore!: Date | null;
  /** What the next attempt changes about the graph. */
  @Column('jsonb', { default: { steps: [] } }) plan!: Changes;
  /** Steps of the ladder that were taken, oldest first. */
  @Column('jsonb', { default: [] }) recovery!: RecoveryStep[];
  @Column('jsonb', { nullable: true }) wantsModel!: WantedModel | null;
  @Column('jsonb', { nullable: true }) error!: JobError | null;
  @Column('timestamptz') createdAt!: Date;
}

/** How far an attempt has come, as last heard from the card. */
export interface AttemptProgress {
  stage: string;
  /** 0 to 100. */
  percent: number;
  step: number | null;
  totalSteps: number | null;
  /** Frames of the film that are finished; absent until a node has reported any. */
  frame?: number;
  /** Per cent at which the step or the node that runs now will have ended. */
  next?: number;
  /** When `percent` was reached; ISO 8601, as the two below. */
  reachedAt?: string;
  /** Where and when the first step was reported: from there on the time is that of steps. */
  firstStep?: { percent: number; at: string };
  /** Prompts that the card's own queue has before it; absent when it was never seen waiting, or runs. */
  ahead?: number;
  /** When it was first seen running after it had waited in the card's own queue. */
  beganAt?: string;
}

@Entity('attempt')
@Index('attempt_job', ['jobId'])
@Index('attempt_task', ['taskId'])
@Index('attempt_gpu', ['gpu', 'jobId'])
@Index('one_live_attempt_per_gpu', { synchronize: false })
@Index('one_open_attempt_per_task', { synchronize: false })
@Index('attempt_checking', { synchronize: false })
export class Attempt {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid') taskId!: string;
  @Column('uuid') jobId!: string;
  /** Counted from 1 within the task. */
  @Column('int') n!: number;
  @Column('text') gpu!: string;
  /** Address of the card's server when it was sent; null only in attempts of before it was noted. */
  @Column('text', { nullable: true }) server!: string | null;
  @Column('uuid', { unique: true }) promptId!: string;
  @Column('text') state!: AttemptState;
  @Column('bigint', { transformer: exactInteger }) seed!: number;
  /** The leader's fence under which it was sent. */
  @Column('bigint') fence!: string;
  @Column('timestamptz') dispatchedAt!: Date;
  /** Before this the POST may still be on its way, and nobody may call the attempt lost. */
  @Column('timestamptz') postDeadline!: Date;
  @Column('timestamptz', { nullable: true }) startedAt!: Date | null;
  @Column('timestamptz', { nullable: true }) endedAt!: Date | null;
  @Column('double precision', { nullable: true }) seconds!: number | null;
  @Column('double precision', { nullable: true }) estimatedSeconds!: number | null;
  @Column('text', { nullable: true }) outcome!: string | null;
  /**
   * Files that the server named, once the prompt had ended well; kept, because a restarted server forgets its history
   * but not its files.
   */
  @Column('jsonb', { nullable: true }) outputs!: FileRef[] | null;
  @Column('jsonb', { nullable: true }) error!: JobError | null;
  @Column('jsonb', { nullable: true }) progress!: AttemptProgress | null;
  /** What was changed about the graph of this attempt. */
  @Column('jsonb', { default: { steps: [] } }) plan!: Changes;
  /** The step of the ladder that led to this attempt; null for a first one. */
  @Column('jsonb', { nullable: true }) recovery!: RecoveryStep | null;
  @Column('text', { nullable: true }) verdict!: VerdictOutcome | null;
  @Column('jsonb') scores!: ScoreView[];
  /** The event that last told quality of this attempt, and when; null while there is nothing to judge. */
  @Column('uuid', { nullable: true }) announcedAs!: string | null;
  @Column('timestamptz', { nullable: true }) announcedAt!: Date | null;
  /** Times that it was announced again because no verdict came. */
  @Column('int', { default: 0 }) announcedAgain!: number;
  /**
   * Times that a decoder's process ended over its files, and that their decoding was begun and nobody heard how it
   * ended.
   */
  @Column('int', { default: 0 }) decoderDeaths!: number;
  @Column('int', { default: 0 }) decodingsCutOff!: number;
  /** Quality was asked for the verdict and has not answered since. */
  @Column('timestamptz', { nullable: true }) qualitySilentSince!: Date | null;
}

@Entity('job_event')
export class JobEvent {
  @PrimaryColumn('uuid') jobId!: string;
  @PrimaryColumn('int') seq!: number;
  @Column('text') type!: string;
  @Column('timestamptz') at!: Date;
  @Column('jsonb') data!: Record<string, unknown>;
}

@Entity('artifact')
@Index('artifact_job', ['jobId'])
@Index('one_artifact_per_place', ['attemptId', 'role', 'idx'], { unique: true })
export class Artifact {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid') jobId!: string;
  @Column('uuid') taskId!: string;
  @Column('uuid') attemptId!: string;
  @Column('text') role!: 'output';
  @Column('int') idx!: number;
  /** Below the library folder, forward slashes. */
  @Column('text', { unique: true }) path!: string;
  @Column('text') sha256!: string;
  @Column('bigint', { transformer: exactInteger }) bytes!: number;
  @Column('text') mediaType!: string;
  @Column('int') width!: number;
  @Column('int') height!: number;
  /** Of a film, counted by decoding; null for a picture. */
  @Column('int', { nullable: true }) frames!: number | null;
  @Column('double precision', { nullable: true }) fps!: number | null;
  @Column('double precision', { nullable: true }) durationSeconds!: number | null;
  /** A film has a track of sound; null for a picture, and for what was stored before anybody looked. */
  @Column('boolean', { nullable: true }) sound!: boolean | null;
  @Column('boolean') simulated!: boolean;
  @Column('timestamptz') createdAt!: Date;
}

@Entity('generation_params')
@Index('generation_params_job', ['jobId'])
export class GenerationParams {
  @PrimaryColumn('uuid') attemptId!: string;
  @Column('uuid') jobId!: string;
  @Column('jsonb') graph!: Record<string, unknown>;
  @Column('text') graphSha256!: string;
  @Column('jsonb') parameters!: Record<string, unknown>;
  @Column('jsonb', { default: [] }) promptChoices!: ChosenAlternative[];
  @Column('text') workflow!: string;
  @Column('int') workflowVersion!: number;
  @Column('text', { nullable: true }) comfyuiVersion!: string | null;
  @Column('text', { nullable: true }) device!: string | null;
  @Column('text', { nullable: true }) pytorchVersion!: string | null;
  @Column('jsonb', { default: { steps: [] } }) plan!: Changes;
  @Column('jsonb', { default: { loras: [], references: [], controlnets: [] } }) parts!: Parts;
  @Column('timestamptz') recordedAt!: Date;
}

/**
 * One measured attempt; estimates are made from these. Only the newest of each kind of work are kept: see
 * `estimates/sample.queries.ts`.
 */
@Entity('runtime_sample')
// With `at` descending, which TypeORM cannot state.
@Index('runtime_sample_work', { synchronize: false })
@Index('runtime_sample_card', { synchronize: false })
@Index('runtime_sample_at', { synchronize: false })
export class RuntimeSample {
  @PrimaryColumn('uuid') attemptId!: string;
  @Column('text') workflow!: string;
  @Column('text') gpu!: string;
  /** The card's device then, as `deviceModel` says; null where that was not known or not yet noted. */
  @Column('text', { nullable: true }) device!: string | null;
  @Column('text') modelName!: string;
  @Column('int') width!: number;
  @Column('int') height!: number;
  @Column('int') steps!: number;
  @Column('int', { default: 1 }) frames!: number;
  @Column('jsonb', { default: { steps: [] } }) plan!: Changes;
  /** The plan's changes as far as they take time, sorted: `changesOf`. */
  @Column('text', { default: '' }) changes!: string;
  @Column('double precision') seconds!: number;
  @Column('timestamptz') at!: Date;
}

export const jobEntities = [Job, Task, Attempt, JobEvent, Artifact, GenerationParams, RuntimeSample];
