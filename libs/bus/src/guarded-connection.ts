import { Logger } from '@nestjs/common';
import { describeError } from '@tower/kit';
import { connect, type ConnectionOptions, type Msg, type NatsConnection } from 'nats';

/** As much of the library's inside as is needed here: it hands each message that arrives to its subscription. */
interface Dispatcher {
  processMsg(message: unknown, data: Uint8Array): void;
}

/**
 * Connects so that no message can stop the reading. The library calls subscriptions from the loop that reads the
 * socket, and parses headers when they are first looked at, also in callbacks of its own; whatever is thrown there (a
 * header name with a blank is enough) would end the loop and leave a connection that is deaf until its pings time
 * out. Here the one message is dropped with a line in the log.
 */
export async function connectGuarded(options: ConnectionOptions): Promise<NatsConnection> {
  const nats = await connect(options);
  const { protocol } = nats as unknown as { protocol?: Partial<Dispatcher> };
  const original = protocol?.processMsg;
  if (protocol === undefined || original === undefined)
    throw new Error(
      'this version of the nats library delivers messages in another way; connectGuarded has to follow it',
    );
  protocol.processMsg = (message, data) => {
    try {
      original.call(protocol, message, data);
    } catch (error) {
      Logger.warn(`a message that cannot be taken was dropped: ${describeError(error)}`, 'nats');
    }
  };
  return nats;
}

/** A header's value; undefined where there is none, or where the headers cannot be read. */
export function headerOf(message: Msg, name: string): string | undefined {
  try {
    const value = message.headers?.get(name);
    return value === undefined || value === '' ? undefined : value;
  } catch {
    return undefined;
  }
}
