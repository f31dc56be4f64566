// What users of NATS must not be able to do, for the specs that try it.
import { serviceNames, topology, type EventDefinition } from '@tower/contracts';
import { allStreams } from '../streams';
import { inboxPrefixOf, natsUsers } from './permissions';

export const streamNames = allStreams().map(({ name }) => name);

/** Facts that are not this user's to tell. */
export const othersEvents = (service: string): EventDefinition[] =>
  serviceNames.filter((other) => other !== service).flatMap((other) => topology[other].publishes);

/** What changes or takes away what others need. */
export const destruction = streamNames.flatMap((stream) => [
  `$JS.API.STREAM.DELETE.${stream}`,
  `$JS.API.STREAM.PURGE.${stream}`,
  `$JS.API.STREAM.UPDATE.${stream}`,
  `$JS.API.STREAM.MSG.DELETE.${stream}`,
  `$JS.API.STREAM.RESTORE.${stream}`,
  `$JS.API.STREAM.SNAPSHOT.${stream}`,
  `$JS.API.CONSUMER.CREATE.${stream}`,
  `$JS.API.CONSUMER.CREATE.${stream}.stranger`,
  ...serviceNames.flatMap((reader) => [
    `$JS.API.CONSUMER.DELETE.${stream}.${reader}`,
    `$JS.API.CONSUMER.PAUSE.${stream}.${reader}`,
  ]),
]);

/** Reading and acknowledging in another's name. */
export const impersonation = (service: string): string[] =>
  streamNames.flatMap((stream) =>
    serviceNames
      .filter((other) => other !== service)
      .flatMap((other) => [
        `$JS.API.CONSUMER.MSG.NEXT.${stream}.${other}`,
        `$JS.API.CONSUMER.DURABLE.CREATE.${stream}.${other}`,
        `$JS.API.CONSUMER.CREATE.${stream}.${other}`,
        `$JS.ACK.${stream}.${other}.1.1.1.1700000000000000000.0`,
      ]),
  );

/** Where the answers to others go. */
export const othersInboxes = (user: string): string[] => [
  '>',
  '_INBOX*.>',
  ...natsUsers.filter((other) => other !== user).map((other) => `${inboxPrefixOf(other)}.>`),
];
