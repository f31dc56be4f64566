import { z } from 'zod';
import { instant, uuid } from './primitives';

/** `<owner>.v<major>.<noun>_<past participle>` for events, `<owner>.v<major>.<verb>_<noun>` for commands. */
const typeName = /^[a-z][a-z0-9-]*\.v[1-9][0-9]*\.[a-z][a-z0-9_]*$/;

const envelopeFields = {
  id: uuid,
  type: z.string().regex(typeName),
  time: instant,
  source: z.string().min(1).max(100),
  correlationId: uuid,
  causationId: uuid.optional(),
};

/** What travels: the same fields around every event. `id` is also the `Nats-Msg-Id`. */
export const envelope = z.object({ ...envelopeFields, data: z.unknown() });

export interface Envelope<Data> {
  readonly id: string;
  readonly type: string;
  readonly time: string;
  readonly source: string;
  readonly correlationId: string;
  readonly causationId?: string | undefined;
  readonly data: Data;
}

export interface EventDefinition<Schema extends z.ZodType = z.ZodType> {
  readonly kind: 'event';
  readonly type: string;
  readonly owner: string;
  readonly schema: Schema;
  /** The id that ends the subject; events of one aggregate are ordered among themselves. */
  readonly aggregateOf: (data: z.infer<Schema>) => string;
  /** Subject filter that matches every event of this type. */
  readonly filter: string;
  readonly subjectOf: (data: z.infer<Schema>) => string;
  readonly parse: (value: unknown) => Envelope<z.infer<Schema>>;
}

export type EventOf<Definition extends EventDefinition> = Envelope<z.infer<Definition['schema']>>;
export type DataOf<Definition extends EventDefinition | CommandDefinition> = z.infer<Definition['schema']>;

/** Declares an event once for both sides: the name, the shape of its facts, and whose it is. */
export function defineEvent<Schema extends z.ZodType>(
  type: string,
  schema: Schema,
  aggregateOf: (data: z.infer<Schema>) => string,
): EventDefinition<Schema> {
  if (!typeName.test(type)) throw new Error(`event type ${type} is not <owner>.v<major>.<noun>_<past participle>`);
  const full = z.object({ ...envelopeFields, type: z.literal(type), data: schema });
  return {
    kind: 'event',
    type,
    owner: type.slice(0, type.indexOf('.')),
    schema,
    aggregateOf,
    filter: `evt.${type}.*`,
    subjectOf: (data) => `evt.${type}.${aggregateOf(data)}`,
    parse: (value) => full.parse(value) as Envelope<z.infer<Schema>>,
  };
}

export interface CommandDefinition<Schema extends z.ZodType = z.ZodType> {
  readonly kind: 'command';
  readonly type: string;
  readonly owner: string;
  readonly schema: Schema;
  readonly subject: string;
}

export type CommandOf<Definition extends CommandDefinition> = CommandEnvelope<z.infer<Definition['schema']>>;

/**
 * Outside publishers fill in little: an id of their own (the command's identity, so that a repeat is harmless) and the
 * data.
 */
export const commandEnvelope = z.object({
  id: uuid,
  time: instant.optional(),
  source: z.string().min(1).max(100).optional(),
  correlationId: uuid.optional(),
  data: z.unknown(),
});

export interface CommandEnvelope<Data> {
  readonly id: string;
  readonly time?: string | undefined;
  readonly source?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly data: Data;
}

/** What a client of NestJS (`ClientNats`) puts around the data of an event or a question. */
export const nestPacket = z.object({ pattern: z.string(), data: z.unknown(), id: z.unknown().optional() });

/** Declares a command: exactly one reader, its owner, who answers with an accepted or a rejected event. */
export function defineCommand<Schema extends z.ZodType>(type: string, schema: Schema): CommandDefinition<Schema> {
  if (!typeName.test(type)) throw new Error(`command type ${type} is not <owner>.v<major>.<verb>_<noun>`);
  return { kind: 'command', type, owner: type.slice(0, type.indexOf('.')), schema, subject: `cmd.${type}` };
}
