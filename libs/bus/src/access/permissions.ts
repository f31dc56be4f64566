import {
  commandFilter,
  commandStream,
  deadLetterStream,
  eventStream,
  heartbeatFilter,
  heartbeatSubject,
  progressFilter,
  serviceNames,
  topology,
  type ServiceName,
} from '@tower/contracts';
import { deadLetterFilter, ownStreams } from '../streams';

/**
 * Who logs in to NATS. `admin` makes and changes streams before the services start; `launcher` says that processes
 * live; `publisher` is for programs of others, which command and read.
 */
export const natsUsers = [...serviceNames, 'launcher', 'publisher', 'admin'] as const;
export type NatsUserName = (typeof natsUsers)[number];

export interface Permissions {
  /** Subjects that may be published to, with wildcards; nothing else may. */
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/**
 * Where answers to this one are sent. A prefix per service, so that none can listen to another's answers; publishers
 * use the one that every NATS client has by itself, and so need not be told.
 */
export const inboxPrefixOf = (user: string): string => (user === 'publisher' ? '_INBOX' : `_INBOX_${user}`);

/**
 * What NATS lets a user do: what the topology says that it publishes, consumes, asks and answers, and of the JetStream
 * interface what that takes. Only allow-lists: what is not named is refused.
 *
 * Nobody but `admin` may delete, purge or change a stream, or delete a consumer. A service may make its own streams, so
 * that lost ones come back without anybody's help, and its own consumers. Nobody may both write to a stream and take
 * raw messages out of it: JetStream delivers to whatever subject it is asked to, so that would be a way to publish
 * anything anywhere.
 */
export function permissionsOf(user: NatsUserName): Permissions {
  if (user === 'admin') return { publish: ['$JS.API.>'], subscribe: [`${inboxPrefixOf(user)}.>`] };
  if (user === 'launcher') return { publish: [heartbeatFilter], subscribe: [`${inboxPrefixOf(user)}.>`] };
  if (user === 'publisher') return publisherPermissions();
  return servicePermissions(user);
}

function servicePermissions(service: ServiceName): Permissions {
  const { publishes, asks, hints } = topology[service];
  const askers = serviceNames.filter((asker) => topology[asker].asks.some((question) => question.owner === service));
  return {
    publish: [
      ...publishes.map((event) => event.filter),
      ...asks.map((question) => question.subject),
      // Its answers. Not `allow_responses`: that would send them wherever a question asks, to any subject at all.
      ...askers.map((asker) => `${inboxPrefixOf(asker)}.>`),
      ...hints.says,
      heartbeatSubject(service),
      '$JS.API.INFO',
      ...ownStreams(service).flatMap(({ name }) => [`$JS.API.STREAM.INFO.${name}`, `$JS.API.STREAM.CREATE.${name}`]),
      // The relay compares its outbox with its stream.
      ...(publishes.length > 0 ? [`$JS.API.STREAM.MSG.GET.${eventStream(service)}`] : []),
      ...streamsReadBy(service).flatMap((stream) => readingOf(service, stream)),
      ...readingOf(service, deadLetterStream, deadLetterFilter(service)),
    ],
    subscribe: [
      `${inboxPrefixOf(service)}.>`,
      ...(askers.length > 0 ? [`req.${service}.>`] : []),
      ...hints.hears,
      ...(publishes.length > 0 ? [streamDeleted(eventStream(service))] : []),
    ],
  };
}

/** The server's own notice. */
export const streamDeleted = (stream: string): string => `$JS.EVENT.ADVISORY.STREAM.DELETED.${stream}`;

/** Streams of others' events, and of its own commands. */
function streamsReadBy(service: ServiceName): string[] {
  const { consumes, commands } = topology[service];
  return [
    ...new Set([
      ...consumes.map((event) => eventStream(event.owner)),
      ...commands.map((command) => commandStream(command.owner)),
    ]),
  ];
}

/**
 * One durable consumer, named after its reader, and what it takes to fetch a dead letter. `filter` is given for a
 * consumer of one subject.
 */
function readingOf(reader: string, stream: string, filter?: string): string[] {
  const make = filter === undefined ? `DURABLE.CREATE.${stream}.${reader}` : `CREATE.${stream}.${reader}.${filter}`;
  return [
    ...[make, `INFO.${stream}.${reader}`, `MSG.NEXT.${stream}.${reader}`].map((call) => `$JS.API.CONSUMER.${call}`),
    // The second is how servers to come write it: domain and account before the stream.
    `$JS.ACK.${stream}.${reader}.>`,
    `$JS.ACK.*.*.${stream}.${reader}.>`,
    ...(filter === undefined ? [`$JS.API.STREAM.MSG.GET.${stream}`] : []),
  ];
}

/**
 * Commands, every event as it comes, and what the event streams hold, message by message. No consumers: whoever may
 * make one may change those of others, and have messages delivered to any subject.
 */
function publisherPermissions(): Permissions {
  const owners = serviceNames.filter((service) => topology[service].publishes.length > 0);
  const reading = owners
    .map(eventStream)
    .flatMap((stream) => [
      `STREAM.INFO.${stream}`,
      `STREAM.MSG.GET.${stream}`,
      `DIRECT.GET.${stream}`,
      `DIRECT.GET.${stream}.>`,
    ]);
  return {
    publish: [
      // Whole, so that an owner of commands can answer also what it does not know.
      ...serviceNames.filter((service) => topology[service].commands.length > 0).map(commandFilter),
      '$JS.API.INFO',
      ...reading.map((call) => `$JS.API.${call}`),
    ],
    subscribe: [`${inboxPrefixOf('publisher')}.>`, ...owners.map((owner) => `evt.${owner}.>`), progressFilter],
  };
}
