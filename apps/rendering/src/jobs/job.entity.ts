import {
  isOver,
  jobState,
  type GivenUp,
  type JobError,
  type JobState,
  type JobView,
  type Priority,
  type StandstillView,
} from '@tower/contracts';
import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { InputImages, ParameterValues, Parts } from '../workflows/composition';
import { exactInteger } from './exact-integer';

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
@Index('job_deadline', { synchronize: false })
@Index('job_paused', { synchronize: false })
@Index('job_retry_of', { synchronize: false })
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
  /** When it should be ready; null where nobody said. The planner aims at it, and tells when it will be missed. */
  @Column('timestamptz', { nullable: true }) deadlineAt!: Date | null;
  /** What it is less than asked, so that it is ready in time. */
  @Column('jsonb', { default: [] }) givenUp!: GivenUp[];
  /** The only card that may render it; null where any may. */
  @Column('text', { nullable: true }) onlyGpu!: string | null;
  /** It measures its card and is nobody's wish: it begins only when nothing else waits for that card. */
  @Column('boolean', { default: false }) calibration!: boolean;
  /** Who paused it; null while its tasks are given to cards. They are marked as well: `Task.paused`. */
  @Column('jsonb', { nullable: true }) paused!: StandstillView | null;
  /** The job that this one repeats; null for one that was asked for. */
  @Column('uuid', { nullable: true }) retryOf!: string | null;
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
