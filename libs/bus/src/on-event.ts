import { commandEnvelope, type CommandDefinition, type CommandOf, type EventDefinition, type EventOf } from '@tower/contracts';
import { AppError, fieldErrorsOf } from '@tower/kit';
import { EventPattern } from '@nestjs/microservices';

/** Handlers with this mark belong to the JetStream strategy and to no other transport of a hybrid application. */
export const JETSTREAM = Symbol('JETSTREAM');

export interface ConsumerOptions {
  /** Name of the durable consumer: who reads. */
  durable: string;
  /** Messages handled side by side; 1 keeps the stream's order. */
  concurrency?: number;
}

type Handler<Message> = TypedPropertyDescriptor<(message: Message) => Promise<void>>;

/**
 * Subscribes a method to one event, or to several that share a durable consumer and so keep their order. The method gets the parsed envelope;
 * what it is given is typed by the definition, so a wrong handler does not compile.
 */
export function OnEvent<const Definition extends EventDefinition>(definitions: Definition | readonly Definition[], options: ConsumerOptions) {
  const list = Array.isArray(definitions) ? (definitions as readonly Definition[]) : [definitions as Definition];
  return (target: object, key: string, descriptor: Handler<EventOf<Definition>>): void => {
    wrap(descriptor, (raw) => parseEvent(list, raw) as EventOf<Definition>);
    EventPattern(list.map((definition) => definition.filter), JETSTREAM, options)(target, key, descriptor);
  };
}

/** Subscribes the one reader of a command. */
export function OnCommand<const Definition extends CommandDefinition>(definition: Definition, options: ConsumerOptions) {
  return (target: object, key: string, descriptor: Handler<CommandOf<Definition>>): void => {
    // The owner answers bad data with a rejected event, so only the envelope is checked here.
    wrap(descriptor, (raw) => parseEnvelope(raw) as CommandOf<Definition>);
    EventPattern(definition.subject, JETSTREAM, options)(target, key, descriptor);
  };
}

function wrap<Message>(descriptor: Handler<Message>, parse: (raw: unknown) => Message): void {
  const handler = descriptor.value;
  if (handler === undefined) throw new Error('only methods can be handlers');
  descriptor.value = async function (this: unknown, raw: unknown) {
    await handler.call(this, parse(raw));
  };
}

function parseEvent(definitions: readonly EventDefinition[], raw: unknown): unknown {
  const type = (raw as { type?: unknown } | null)?.type;
  const definition = definitions.find((candidate) => candidate.type === type);
  if (definition === undefined) throw new AppError('invalid', 'event_type_unexpected', `this consumer does not read ${String(type)}`);
  try {
    return definition.parse(raw);
  } catch (error) {
    throw new AppError('invalid', 'event_malformed', `the message is not the ${definition.type} it claims to be`, { cause: error });
  }
}

function parseEnvelope(raw: unknown): unknown {
  const result = commandEnvelope.safeParse(raw);
  if (result.success) return result.data;
  throw new AppError('invalid', 'command_malformed', 'a command needs {"id": "<uuid>", "data": {…}}', { fields: fieldErrorsOf(result.error.issues) });
}
