import {
  commandStream,
  deadLetterStream,
  eventStream,
  serviceNames,
  topology,
  type ServiceName,
} from '@tower/contracts';
import { AppError, describeError } from '@tower/kit';
import {
  DiscardPolicy,
  nanos,
  NatsError,
  RetentionPolicy,
  StorageType,
  type JetStreamManager,
  type StoredMsg,
  type StreamConfig,
} from 'nats';

const day = 24 * 60 * 60 * 1000;
const mebibyte = 1024 ** 2;

/** JetStream error codes: a stream name that is taken with another configuration, no such stream, no room for it. */
const streamNameInUse = 10058;
const streamNotFound = 10059;
const noRoom = new Set<number | undefined>([10023, 10028, 10047]);

type StreamSettings = Partial<StreamConfig> & { name: string; max_bytes: number };

/**
 * Limits retention throughout: on work queues the duplicate window forgets acknowledged messages (reliability study,
 * A.2).
 */
function streamConfig(name: string, subjects: string[], maxAgeDays: number, mebibytes: number): StreamSettings {
  return {
    name,
    subjects,
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_age: nanos(maxAgeDays * day),
    max_bytes: mebibytes * mebibyte,
    duplicate_window: nanos(5 * 60 * 1000),
    allow_direct: true,
    num_replicas: 1,
    // Facts only age out, whoever asks for something else.
    deny_delete: true,
    deny_purge: true,
  };
}

/** Mebibytes. A week of 10,000 jobs a day is some 500 of rendering's events; of the others it is a fraction. */
const eventsMebibytes: Partial<Record<ServiceName, number>> = { rendering: 256, quality: 128 };
const defaultMebibytes = 64;

/** Advisories are core NATS; only a stream that captures them makes them durable. */
const advisory = '$JS.EVENT.ADVISORY.CONSUMER';
const deadLetters = streamConfig(
  deadLetterStream,
  [`${advisory}.MAX_DELIVERIES.>`, `${advisory}.MSG_TERMINATED.>`],
  30,
  defaultMebibytes,
);

/** …ADVISORY.CONSUMER.<kind>.<stream>.<consumer>; our consumers are named after the reader. */
export const deadLetterFilter = (reader: string): string => `${advisory}.*.*.${reader}`;

/**
 * What a service keeps up itself: its events, its commands, and the one for dead letters that belongs to all. Of
 * anybody else: every stream.
 */
export function ownStreams(service: string): StreamSettings[] {
  if (!isService(service)) return allStreams();
  const { publishes, commands } = topology[service];
  return [
    ...(publishes.length > 0
      ? [streamConfig(eventStream(service), [`evt.${service}.>`], 7, eventsMebibytes[service] ?? defaultMebibytes)]
      : []),
    ...(commands.length > 0 ? [streamConfig(commandStream(service), [`cmd.${service}.>`], 7, defaultMebibytes)] : []),
    deadLetters,
  ];
}

const isService = (name: string): name is ServiceName => serviceNames.some((service) => service === name);

/** Every stream there is: one per owner that publishes, one per owner that takes commands, one for dead letters. */
export const allStreams = (): StreamSettings[] => [
  ...new Map(serviceNames.flatMap(ownStreams).map((stream) => [stream.name, stream])).values(),
];

/** Bytes that all of them together may take on the disk; the oldest messages go before that. */
export const bytesOfAllStreams = (): number => allStreams().reduce((sum, stream) => sum + stream.max_bytes, 0);

/**
 * Creates what is missing and updates what changed; several services may do so at once. A stream that is there and
 * cannot be changed is used as it is: the returned sentences say which, and why. Throws `stream_not_made` when one is
 * missing and cannot be made.
 */
export async function ensureStreams(
  manager: JetStreamManager,
  streams: readonly StreamSettings[] = allStreams(),
): Promise<string[]> {
  const unchanged: string[] = [];
  for (const wanted of streams) {
    const present = await configOf(manager, wanted.name);
    if (present === undefined) await create(manager, wanted);
    else if (!isAsWanted(present, wanted)) {
      try {
        await manager.streams.update(wanted.name, wanted);
      } catch (error) {
        // No longer there, or nobody answers: somebody else's turn, or ours again.
        if (errorCodeOf(error) === undefined && !isNotAllowed(error)) throw error;
        unchanged.push(`stream ${wanted.name} stays as it is: ${describeError(error)}`);
      }
    }
  }
  return unchanged;
}

async function configOf(manager: JetStreamManager, name: string): Promise<StreamConfig | undefined> {
  try {
    return (await manager.streams.info(name)).config;
  } catch (error) {
    if (errorCodeOf(error) === streamNotFound) return undefined;
    throw error;
  }
}

const isAsWanted = (present: StreamConfig, wanted: StreamSettings): boolean =>
  Object.entries(wanted).every(
    ([key, value]) => JSON.stringify(present[key as keyof StreamConfig]) === JSON.stringify(value),
  );

async function create(manager: JetStreamManager, wanted: StreamSettings): Promise<void> {
  try {
    await manager.streams.add(wanted);
  } catch (error) {
    // Somebody was quicker, with the settings of another release.
    if (errorCodeOf(error) === streamNameInUse) return;
    if (!noRoom.has(errorCodeOf(error))) throw error;
    const size = `${wanted.max_bytes / mebibyte} MiB`;
    throw new AppError(
      'unavailable',
      'stream_not_made',
      `NATS has no room for the stream ${wanted.name} (${size}): ${describeError(error)}. Raise max_file_store ` +
        `of that server, or make room on its disk and restart it: without ` +
        `max_file_store it works out only at its start what it may use`,
      { cause: error },
    );
  }
}

/** The server does not let this user do that. */
const isNotAllowed = (error: unknown): boolean => error instanceof NatsError && error.isPermissionError();

/** The message at this place, or undefined when the stream, or the message, is gone. */
export async function messageAt(
  manager: JetStreamManager,
  stream: string,
  seq: number,
): Promise<StoredMsg | undefined> {
  try {
    return await manager.streams.getMessage(stream, { seq });
  } catch (error) {
    if (goneCodes.has(errorCodeOf(error))) return undefined;
    throw error;
  }
}

/** JetStream error codes: no message found, stream not found. */
const goneCodes = new Set<number | undefined>([10037, streamNotFound]);

const errorCodeOf = (error: unknown): number | undefined =>
  (error as { api_error?: { err_code?: number } }).api_error?.err_code;

/** The stream that carries a subject of ours. */
export function streamOfSubject(subject: string): string {
  const [kind, owner = ''] = subject.split('.');
  return kind === 'cmd' ? commandStream(owner as ServiceName) : eventStream(owner);
}
