export * from './connection';
export * from './nats-address';
export * from './streams';
export * from './delivery';
export * from './on-event';
export type { RefusedCommand } from './commands';
export * from './on-request';
export * from './answering';
export * from './reply';
export * from './request-client';
export * from './question-server';
export * from './jetstream.server';
export * from './relay';
export * from './stream-repair';
export * from './consumer-progress';
export * from './dead-letters';
export * from './dead-letter-box';
export * from './dead-letter-desk';
export * from './heartbeats';
export * from './bus.metrics';
export {
  inboxPrefixOf,
  natsUsers,
  permissionsOf,
  streamDeleted,
  type NatsUserName,
  type Permissions,
} from './access/permissions';
export { openNatsSecret, withUser, type Passwords } from './access/nats-secret';
export { passwordVariable, usersConfig, usersConfigFile } from './access/users-config';
export { isRecommended, isUsable, oldestUsable, recommended, versionWarning } from './nats-version';
export { inspectNats, type NatsInspection } from './inspect-nats';
