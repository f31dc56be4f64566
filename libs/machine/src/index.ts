export { findNatsServer } from './nats/find-nats-server';
export { startNatsServer, type EmbeddedNats, type EmbeddedNatsOptions } from './nats/embedded-nats';
export { startEmbeddedPostgres, type EmbeddedPostgres } from './postgres/embedded-postgres';
export type { PostgresSettings } from './postgres/postgres-settings';
export { freePort } from './processes/free-port';
export { claimDirectory, type DirectoryClaim } from './processes/directory-claim';
export { signalIfAlive, stopProcess } from './processes/stop-process';
export { ownUid } from './processes/own-uid';
