import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A decision of the planner as it is kept. */
@Entity('planning_decision')
@Index('planning_decision_jobs', { synchronize: false })
export class StoredDecision {
  /** In the order in which they were made. */
  @PrimaryColumn('uuid') id!: string;
  @Column('timestamptz') decidedAt!: Date;
  /** Of the leader that decided. */
  @Column('bigint') fence!: string;
  @Column('int') plannerVersion!: number;
  /** Jobs of which it started something, or left something waiting beside an idle card. */
  @Column('uuid', { array: true }) jobs!: string[];
  /** `DecisionRecord` as JSON, gzipped. */
  @Column('bytea') record!: Buffer;
}
