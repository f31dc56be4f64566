import type { FileRef } from '@tower/comfyui';
import type { AttemptState, JobError, ScoreView, VerdictOutcome } from '@tower/contracts';
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Changes, RecoveryStep } from '../workflows/composition';
import { exactInteger } from './exact-integer';

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

/** What was expected of an attempt, in seconds. */
export interface AttemptForecast {
  seconds: number;
  /** The interval in which it was said to lie nine times of ten. */
  low: number;
  high: number;
  /** It was said to have ended by then four times of five. */
  p80: number;
  basis: string;
}

/** What an attempt's time went into, in seconds; null where it was not heard. */
export interface AttemptTimings {
  load: number | null;
  sampling: number | null;
  fixed: number | null;
}

/** A card has at most one live attempt in each. */
export type AttemptSlot = 0 | 1;

@Entity('attempt')
@Index('attempt_job', ['jobId'])
@Index('attempt_task', ['taskId'])
@Index('attempt_gpu', ['gpu', 'jobId'])
@Index('attempt_on_gpu', ['gpu', 'dispatchedAt'])
@Index('one_live_attempt_per_slot', { synchronize: false })
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
  /** While it is live: 0 where its card works on it or takes it next, 1 where it is behind the attempt in slot 0. */
  @Column('smallint', { default: 0 }) slot!: AttemptSlot;
  /** It was sent while its card worked on another attempt, so that it may have waited there before it began. */
  @Column('boolean', { default: false }) prefetched!: boolean;
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
  /** What was said of its time when it was given out; null in older ones. */
  @Column('jsonb', { nullable: true }) estimate!: AttemptForecast | null;
  /** Keys of the model files that its graph loads, and those of them that its card did not hold. */
  @Column('jsonb', { default: [] }) models!: string[];
  @Column('jsonb', { default: [] }) missing!: string[];
  /** What its time went into, as far as that was heard. */
  @Column('jsonb', { nullable: true }) timings!: AttemptTimings | null;
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
  /**
   * The planner's decision that it came of; null where there was none. That is written after the attempt and has an
   * end, so that it may be missing.
   */
  @Column('uuid', { nullable: true }) decisionId!: string | null;
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
