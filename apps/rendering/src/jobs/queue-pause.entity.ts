import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** There is one row while the queue is paused, and none while it is served. */
@Entity('queue_pause')
@Check('queue_pause_once', 'id = 1')
export class QueuePause {
  @PrimaryColumn('smallint', { default: 1 }) id!: number;
  @Column('text') by!: string;
  @Column('text') reason!: string;
  @Column('timestamptz') since!: Date;
}
