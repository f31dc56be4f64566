import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Changes } from '../workflows/composition';

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
  /** Parts of these; null where they were not heard. */
  @Column('double precision', { nullable: true }) loadSeconds!: number | null;
  /** All passes together; steps are these over the number of steps. */
  @Column('double precision', { nullable: true }) samplingSeconds!: number | null;
  @Column('double precision', { nullable: true }) fixedSeconds!: number | null;
  /** Passes through the model: steps, twice where each is computed with and without the prompt. */
  @Column('double precision', { default: 1 }) passes!: number;
  /** Keys of the model files that the card had to load; empty when it was warm. */
  @Column('jsonb', { default: [] }) missing!: string[];
  @Column('timestamptz') at!: Date;
}
