import {
  commandFilter,
  type CommandDefinition,
  type CommandOf,
  type EventDefinition,
  type EventOf,
  type ServiceName,
} from '@tower/contracts';
import { AppError, correlated, newId, shorten } from '@tower/kit';
import { Catch, UseFilters, type RpcExceptionFilter } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { throwError, type Observable } from 'rxjs';
import { parseCommand, type RefusedCommand } from './commands';
import type { Delivery } from './delivery';

/** Handlers with this mark belong to the JetStream strategy and to no other transport of a hybrid application. */
export const JETSTREAM = Symbol('JETSTREAM');

export interface ConsumerOptions {
  /** Name of the durable consumer: who reads. */
  durable: string;
  /** Messages handled side by side; 1 keeps the stream's order. */
  concurrency?: number;
  /**
   * Messages are taken from the server only as hands are free, none ahead. For handlers that may end the process
   * (native code, large pictures): what dies with it costs a delivery of those messages that were being worked on, and
   * of no others. Costs a round trip per message.
   */
  oneByOne?: boolean;
}

/**
 * Nest would replace what a handler throws by `{ status: 'error' }` and log it as an error; the transport decides by
 * the error itself.
 */
@Catch()
class PassErrorsOn implements RpcExceptionFilter {
  catch(thrown: unknown): Observable<never> {
    return throwError(() => thrown);
  }
}

/** A method may leave out what it does not need. */
type Method<Message> = (message: Message, delivery: Delivery) => Promise<void>;

/**
 * Subscribes a method to one event, or to several that share a durable consumer and so keep their order. The method
 * gets the parsed envelope; what it is given is typed by the definition, so a wrong handler does not compile.
 */
export function OnEvent<const Definition extends EventDefinition>(
  definitions: Definition | readonly Definition[],
  options: ConsumerOptions,
) {
  const list = Array.isArray(definitions) ? (definitions as readonly Definition[]) : [definitions as Definition];
  return <Handler extends Method<EventOf<Definition>>>(
    target: object,
    key: string,
    descriptor: TypedPropertyDescriptor<Handler>,
  ): void => {
    wrap<EventOf<Definition>, Handler>(target, key, descriptor, (raw) => parseEvent(list, raw) as EventOf<Definition>);
    EventPattern(
      list.map((definition) => definition.filter),
      JETSTREAM,
      options,
    )(target, key, descriptor);
  };
}

/** Subscribes the one reader of a command. */
export function OnCommand<const Definition extends CommandDefinition>(
  definition: Definition,
  options: ConsumerOptions,
) {
  return <Handler extends Method<CommandOf<Definition>>>(
    target: object,
    key: string,
    descriptor: TypedPropertyDescriptor<Handler>,
  ): void => {
    // The owner answers bad data with a rejected event, so only the envelope is checked here.
    wrap<CommandOf<Definition>, Handler>(target, key, descriptor, (raw) => parseCommand(raw) as CommandOf<Definition>);
    EventPattern(definition.subject, JETSTREAM, options)(target, key, descriptor);
  };
}

/**
 * Subscribes the one method of an owner of commands that answers those which come to nothing: they cannot be read,
 * nobody knows them, or they were tried in vain. It is called before the message becomes a dead letter; while it
 * throws what may pass, the message is kept.
 */
export function OnRefusedCommand(owner: ServiceName, options: ConsumerOptions) {
  return <Handler extends Method<RefusedCommand>>(
    target: object,
    key: string,
    descriptor: TypedPropertyDescriptor<Handler>,
  ): void => {
    wrap<RefusedCommand, Handler>(target, key, descriptor, (refused) => refused as RefusedCommand);
    EventPattern(commandFilter(owner), JETSTREAM, options)(target, key, descriptor);
  };
}

function wrap<Message, Handler extends Method<Message>>(
  target: object,
  key: string,
  descriptor: TypedPropertyDescriptor<Handler>,
  parse: (raw: unknown) => Message,
): void {
  const handler = descriptor.value;
  if (handler === undefined) throw new Error('only methods can be handlers');
  const parsing: Method<unknown> = async function (this: unknown, raw, delivery) {
    const message = parse(raw);
    await correlated({ correlationId: correlationIdIn(message) ?? newId() }, () =>
      handler.call(this, message, delivery),
    );
  };
  descriptor.value = parsing as Handler;
  UseFilters(PassErrorsOn)(target, key, descriptor);
  // Nest passes on the payload alone unless a method says that it wants the context too.
  Payload()(target, key, 0);
  Ctx()(target, key, 1);
}

/** Of an event always; an outside publisher may leave it out of a command, whose id then stands for it. */
function correlationIdIn(message: unknown): string | undefined {
  const { id, correlationId } = message as { id?: string; correlationId?: string | undefined };
  return correlationId ?? id;
}

function parseEvent(definitions: readonly EventDefinition[], raw: unknown): unknown {
  const type = (raw as { type?: unknown } | null)?.type;
  const definition = definitions.find((candidate) => candidate.type === type);
  if (definition === undefined)
    throw new AppError(
      'invalid',
      'event_type_unexpected',
      `this consumer does not read ${typeof type === 'string' ? shorten(type, 200) : 'messages without a type'}`,
    );
  try {
    return definition.parse(raw);
  } catch (error) {
    throw new AppError('invalid', 'event_malformed', `the message is not the ${definition.type} it claims to be`, {
      cause: error,
    });
  }
}
