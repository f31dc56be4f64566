import type { VerdictOutcome } from '@tower/contracts';
import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';

/** What an attempt was worth, under which thresholds. One per attempt, for ever. */
@Entity('verdict')
@Index('verdict_job', ['jobId', 'judgedAt'])
@Check('verdict_outcome', "\"outcome\" in ('passed', 'failed')")
export class Verdict {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid')
  jobId!: string;

  @Column('uuid')
  projectId!: string;

  @Column('uuid')
  taskId!: string;

  @Column('uuid', { unique: true })
  attemptId!: string;

  @Column('text')
  outcome!: VerdictOutcome;

  @Column('text', { array: true })
  reasons!: string[];

  @Column('int')
  thresholdVersion!: number;

  @Column('timestamptz')
  judgedAt!: Date;
}

/** One metric of one file. A value exists exactly when it was computed. */
@Entity('quality_score')
@Check('quality_score_state', "\"state\" in ('computed', 'not_computed', 'not_applicable')")
@Check(
  'quality_score_value',
  '("state" = \'computed\') = ("value" is not null) and ("state" = \'computed\') = ("reason" is null)',
)
export class QualityScore {
  @PrimaryColumn('uuid')
  verdictId!: string;

  @ManyToOne(() => Verdict)
  @JoinColumn({ name: 'verdict_id', foreignKeyConstraintName: 'quality_score_verdict_id_fkey' })
  verdict!: Verdict;

  @PrimaryColumn('uuid')
  artifactId!: string;

  @PrimaryColumn('text')
  metric!: string;

  @Column('text')
  state!: 'computed' | 'not_computed' | 'not_applicable';

  @Column('double precision', { nullable: true })
  value!: number | null;

  @Column('double precision', { nullable: true })
  threshold!: number | null;

  @Column('boolean', { nullable: true })
  passed!: boolean | null;

  @Column('text', { nullable: true })
  reason!: string | null;

  /** The numbers behind the value, for whoever asks why. */
  @Column('jsonb', { nullable: true })
  measured!: object | null;
}

/** A version is never edited; calibration adds the next one. */
@Entity('threshold')
@Check('threshold_comparison', "\"comparison\" in ('at_least', 'above', 'at_most', 'below')")
export class ThresholdRow {
  @PrimaryColumn('int')
  version!: number;

  @PrimaryColumn('text')
  metric!: string;

  @Column('text')
  comparison!: 'at_least' | 'above' | 'at_most' | 'below';

  @Column('double precision')
  value!: number;

  /** Whether it takes part in the verdict; the others are shown only. */
  @Column('boolean')
  decides!: boolean;

  /** Where the number comes from. */
  @Column('text')
  basis!: string;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;
}

/** A file that is being decoded, or whose decoding never ended. */
@Entity('deadly_file')
export class DeadlyFile {
  @PrimaryColumn('uuid')
  artifactId!: string;

  /** Times that the decoder's process ended over it. */
  @Column('int')
  deaths!: number;

  /** Times that its decoding was begun and nobody heard how it ended. */
  @Column('int')
  cutOff!: number;

  @Column('timestamptz')
  at!: Date;
}
