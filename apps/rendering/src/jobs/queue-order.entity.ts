import { Column, Entity, PrimaryColumn } from 'typeorm';

/** That one job goes before another, by hand. Ends when either is over or gets another priority. */
@Entity('queue_order')
export class QueueOrder {
  @PrimaryColumn('uuid') firstJob!: string;
  @PrimaryColumn('uuid') thenJob!: string;
  /** Which of the two was moved to the place of the other. */
  @Column('uuid') movedJob!: string;
  @Column('timestamptz') at!: Date;
}
