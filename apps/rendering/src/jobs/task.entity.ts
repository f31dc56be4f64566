import type { JobError, TaskState } from '@tower/contracts';
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Changes, RecoveryStep } from '../workflows/composition';
import { exactInteger } from './exact-integer';

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
@Index('task_paused', { synchronize: false })
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
  /** Its job is paused: it is not in line, whatever its state. Here so that the queue's indexes leave it out. */
  @Column('boolean', { default: false }) paused!: boolean;
  /** What the next attempt changes about the graph. */
  @Column('jsonb', { default: { steps: [] } }) plan!: Changes;
  /** Steps of the ladder that were taken, oldest first. */
  @Column('jsonb', { default: [] }) recovery!: RecoveryStep[];
  @Column('jsonb', { nullable: true }) wantsModel!: WantedModel | null;
  @Column('jsonb', { nullable: true }) error!: JobError | null;
  @Column('timestamptz') createdAt!: Date;
}
