import { commandStream, deadLetterStream, eventStream, topology, type ServiceName } from '@tower/contracts';
import { DiscardPolicy, nanos, RetentionPolicy, StorageType, type JetStreamManager, type StoredMsg, type StreamConfig } from 'nats';

const day = 24 * 60 * 60 * 1000;

/** JetStream error code for a stream name that is taken with another configuration. */
const streamNameInUse = 10058;

/** Limits retention throughout: on work queues the duplicate window forgets acknowledged messages (reliability study, A.2). */
function streamConfig(name: string, subjects: string[], maxAgeDays: number, maxBytes: number): Partial<StreamConfig> & { name: string } {
  return {
    name,
    subjects,
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_age: nanos(maxAgeDays * day),
    max_bytes: maxBytes,
    duplicate_window: nanos(5 * 60 * 1000),
    allow_direct: true,
    num_replicas: 1,
  };
}

/** Every stream there is: one per owner that publishes, one per owner that takes commands, one for dead letters. */
export function allStreams(): (Partial<StreamConfig> & { name: string })[] {
  const streams: (Partial<StreamConfig> & { name: string })[] = [];
  for (const [owner, service] of Object.entries(topology)) {
    if (service.publishes.length > 0) streams.push(streamConfig(eventStream(owner), [`evt.${owner}.>`], 7, 1024 ** 3));
    if (service.commands.length > 0) streams.push(streamConfig(commandStream(owner), [`cmd.${owner}.>`], 7, 256 * 1024 ** 2));
  }
  // Advisories are core NATS; only a stream that captures them makes them durable.
  const advisory = '$JS.EVENT.ADVISORY.CONSUMER';
  streams.push(streamConfig(deadLetterStream, [`${advisory}.MAX_DELIVERIES.>`, `${advisory}.MSG_TERMINATED.>`], 30, 64 * 1024 ** 2));
  return streams;
}

/** Creates what is missing and updates what changed; several services may do so at once. */
export async function ensureStreams(manager: JetStreamManager): Promise<void> {
  for (const config of allStreams()) {
    try {
      await manager.streams.add(config);
    } catch (error) {
      if (errorCodeOf(error) !== streamNameInUse) throw error;
      await manager.streams.update(config.name, config);
    }
  }
}

/** The message at this place, or undefined when the stream, or the message, is gone. */
export async function messageAt(manager: JetStreamManager, stream: string, seq: number): Promise<StoredMsg | undefined> {
  try {
    return await manager.streams.getMessage(stream, { seq });
  } catch (error) {
    if (goneCodes.has(errorCodeOf(error))) return undefined;
    throw error;
  }
}

/** JetStream error codes: no message found, stream not found. */
const goneCodes = new Set<number | undefined>([10037, 10059]);

const errorCodeOf = (error: unknown): number | undefined => (error as { api_error?: { err_code?: number } }).api_error?.err_code;

/** The stream that carries a subject of ours. */
export function streamOfSubject(subject: string): string {
  const [kind, owner = ''] = subject.split('.');
  return kind === 'cmd' ? commandStream(owner as ServiceName) : eventStream(owner);
}
