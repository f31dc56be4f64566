import { connect } from 'nats';
import { natsOptions } from './connection';

export interface NatsInspection {
  readonly version: string;
  /** Bytes that streams have reserved. */
  readonly reservedBytes: number;
}

/** Milliseconds. */
const patienceMs = 3_000;

/**
 * Logs in once to a server that should be there, and looks at its JetStream. Throws what the client throws: refused
 * credentials, no JetStream, nobody there.
 */
export async function inspectNats(url: string, user: string): Promise<NatsInspection> {
  const connection = await connect({
    ...natsOptions(url, user),
    waitOnFirstConnect: false,
    reconnect: false,
    timeout: patienceMs,
  });
  try {
    const manager = await connection.jetstreamManager({ timeout: patienceMs });
    const account = await manager.getAccountInfo();
    return {
      version: connection.info?.version ?? 'unknown',
      reservedBytes: (account as { reserved_storage?: number }).reserved_storage ?? 0,
    };
  } finally {
    await connection.close();
  }
}
