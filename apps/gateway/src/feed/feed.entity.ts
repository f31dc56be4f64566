import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** One state event, in the order in which clients are told. */
@Entity('event_feed')
@Index('event_feed_event_id_key', ['eventId'], { unique: true })
@Index('event_feed_at', ['at'])
// Made by the migration with a condition that TypeORM cannot state.
@Index('event_feed_job', { synchronize: false })
export class FeedRow {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  seq!: string;

  @Column('uuid')
  eventId!: string;

  @Column('text')
  type!: string;

  @Column('uuid', { nullable: true })
  projectId!: string | null;

  @Column('uuid', { nullable: true })
  jobId!: string | null;

  @Column('int', { nullable: true })
  jobSeq!: number | null;

  @Column('timestamptz')
  at!: Date;

  @Column('jsonb')
  data!: Record<string, unknown>;
}
