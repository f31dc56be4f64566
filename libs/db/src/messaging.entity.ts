import { Check, Column, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

/** An event that left, or has still to leave, this service. */
@Entity('outbox')
// Made by the migration with a condition that TypeORM cannot state.
@Index('outbox_waiting', { synchronize: false })
@Index('outbox_stream_seq', { synchronize: false })
export class OutboxRow {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  id!: string;

  @Column('text')
  stream!: string;

  @Column('text')
  subject!: string;

  /** The event's id; also `Nats-Msg-Id`. */
  @Column('uuid', { unique: true })
  msgId!: string;

  /** Events of one aggregate are published one after the other. */
  @Column('text')
  aggregate!: string;

  @Column('jsonb')
  payload!: unknown;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { nullable: true })
  publishedAt!: Date | null;

  @Column('bigint', { nullable: true })
  streamSeq!: string | null;
}

/** What a consumer of this service has already handled. */
@Entity('inbox')
@Index('inbox_at', ['at'])
class InboxRow {
  @PrimaryColumn('text')
  consumer!: string;

  @PrimaryColumn('uuid')
  eventId!: string;

  @Column('timestamptz', { default: () => 'now()' })
  at!: Date;
}

/** A message that this service could not handle; kept with its reason until a person deals with it. */
@Entity('dead_letter')
@Index('dead_letter_open', { synchronize: false })
@Check(
  'dead_letter_settled',
  "(outcome is null) = (settled_at is null) and (outcome is null or outcome in ('redriven', 'dismissed'))",
)
@Index('dead_letter_at', ['at'])
class DeadLetterRow {
  /** By which a person deals with it. */
  @Column('uuid', { unique: true })
  id!: string;

  @PrimaryColumn('text')
  stream!: string;

  @PrimaryColumn('text')
  consumer!: string;

  @PrimaryColumn('bigint')
  streamSeq!: string;

  @Column('text')
  subject!: string;

  @Column('text')
  reason!: string;

  @Column('int')
  deliveries!: number;

  /** The message as it came; text, because it may not even be JSON. */
  @Column('text')
  payload!: string;

  /** What a person made of it; null while it waits for one. */
  @Column('text', { nullable: true })
  outcome!: 'redriven' | 'dismissed' | null;

  @Column('timestamptz', { nullable: true })
  settledAt!: Date | null;

  /** Times that it was handed to its reader again, and why the last of them failed. */
  @Column('int', { default: 0 })
  redrives!: number;

  @Column('text', { nullable: true })
  lastFailure!: string | null;

  @Column('timestamptz', { default: () => 'now()' })
  at!: Date;
}

/** The answer that a create gave under its `Idempotency-Key`. */
@Entity('idempotency')
@Index('idempotency_at', ['at'])
class IdempotencyRow {
  @PrimaryColumn('text')
  scope!: string;

  @PrimaryColumn('text')
  key!: string;

  @Column('text')
  requestHash!: string;

  @Column('jsonb')
  response!: unknown;

  @Column('timestamptz', { default: () => 'now()' })
  at!: Date;
}

/** Who may act alone, until when, and the number that fences off everybody before. */
@Entity('lease')
// Makes the fence part of a key, so that only a change of hands conflicts with `for key share`.
@Index('lease_fence', ['name', 'fence'], { unique: true })
class LeaseRow {
  @PrimaryColumn('text')
  name!: string;

  @Column('text')
  holder!: string;

  @Column('bigint')
  fence!: string;

  @Column('timestamptz')
  until!: Date;

  @Column('int')
  backendPid!: number;

  @Column('timestamptz')
  backendStart!: Date;
}

export const messagingEntities = [OutboxRow, InboxRow, DeadLetterRow, IdempotencyRow, LeaseRow];
