import { eventStream, type DataOf, type EventDefinition } from '@tower/contracts';
import { newId, type Clock } from '@tower/kit';
import type { EntityManager } from 'typeorm';

export interface Provenance {
  correlationId: string;
  /** The message that made this happen. */
  causationId?: string | undefined;
}

/** Writes events beside the facts they announce: both or neither. The relay sends them after the commit. */
export class Outbox {
  constructor(
    private readonly source: string,
    private readonly clock: Clock,
  ) {}

  /** Returns the event's id. Throws when the data is not what the event promises: a bug of ours that must not leave the house. */
  async add<Definition extends EventDefinition>(tx: EntityManager, event: Definition, data: DataOf<Definition>, provenance: Provenance): Promise<string> {
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
    await tx.query('insert into outbox (stream, subject, msg_id, aggregate, payload) values ($1, $2, $3, $4, $5)', [
      eventStream(event.owner), event.subjectOf(facts), id, event.aggregateOf(facts), JSON.stringify(payload),
    ]);
    return id;
  }
}
