import { eventStream, type DataOf, type EventDefinition } from '@tower/contracts';
import { AppError, newId, type Clock } from '@tower/kit';
import type { EntityManager } from 'typeorm';
import type { Part } from './together';

interface Provenance {
  correlationId: string;
  /** The message that made this happen. */
  causationId?: string | undefined;
}

/**
 * Bytes of one event as it travels. Events carry ids and facts; what is larger is a mistake that no stream or reader
 * should have to bear.
 */
export const maxEventBytes = 256 * 1024;

/** Writes events beside the facts they announce: both or neither. The relay sends them after the commit. */
export class Outbox {
  constructor(
    private readonly source: string,
    private readonly clock: Clock,
  ) {}

  /**
   * Returns the event's id. Throws when the data is not what the event promises, and `event_too_large` above
   * `maxEventBytes`: bugs of ours that must not leave the house. The transaction that wanted it fails with it.
   */
  async add<Definition extends EventDefinition>(
    tx: EntityManager,
    event: Definition,
    data: DataOf<Definition>,
    provenance: Provenance,
  ): Promise<string> {
    const message = this.message(event, data, provenance);
    await tx.query(
      'insert into outbox (stream, subject, msg_id, aggregate, payload) values ($1, $2, $3, $4, $5)',
      outboxValues(message),
    );
    return message.msgId;
  }

  /** The row to write, for a caller that writes it in a statement of its own, together with the fact. */
  message<Definition extends EventDefinition>(
    event: Definition,
    data: DataOf<Definition>,
    provenance: Provenance,
  ): OutboxMessage {
    const id = newId();
    const facts = event.schema.parse(data);
    const payload = {
      id,
      type: event.type,
      time: this.clock.now().toISOString(),
      source: this.source,
      correlationId: provenance.correlationId,
      ...(provenance.causationId === undefined ? {} : { causationId: provenance.causationId }),
      data: facts,
    };
    const json = JSON.stringify(payload);
    const bytes = Buffer.byteLength(json);
    if (bytes > maxEventBytes)
      throw new AppError(
        'too_large',
        'event_too_large',
        `the event ${event.type} would have ${bytes} bytes, and at most ` +
          `${maxEventBytes} are taken; nothing was changed`,
      );
    return {
      stream: eventStream(event.owner),
      subject: event.subjectOf(facts),
      msgId: id,
      aggregate: event.aggregateOf(facts),
      payload: json,
    };
  }
}

export interface OutboxMessage {
  stream: string;
  subject: string;
  msgId: string;
  aggregate: string;
  payload: string;
}

/** In the order of the columns stream, subject, msg_id, aggregate, payload. */
export const outboxValues = ({ stream, subject, msgId, aggregate, payload }: OutboxMessage): string[] => [
  stream,
  subject,
  msgId,
  aggregate,
  payload,
];

/** Writes these rows, in their order. `where` is the condition for all, beginning with the word. */
export const outboxPart = (messages: readonly OutboxMessage[], where = ''): Part => ({
  sql: `insert into outbox (stream, subject, msg_id, aggregate, payload)
    select stream, subject, msg_id, aggregate, payload
    from unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::jsonb[])
      with ordinality as sent (stream, subject, msg_id, aggregate, payload, nth) ${where} order by nth`,
  parameters: [0, 1, 2, 3, 4].map((column) => messages.map((message) => outboxValues(message)[column])),
});
