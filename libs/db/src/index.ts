export * from './messaging.entity';
export * from './database';
export * from './outbox';
export * from './inbox';
export * from './idempotency';
export * from './lease';
export * from './cursor';
export * from './listener';
export * from './retention';
export {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from './embedded/embedded-postgres';
export { defaultSettings as defaultPostgresSettings, type PostgresSettings } from './embedded/postgres-settings';
export { freePort } from './embedded/free-port';
export { giveTo } from './embedded/give-to';
export { claimDirectory, type DirectoryClaim } from './embedded/directory-claim';
export { startServerProcess, type ServerCommand, type ServerExit, type ServerProcess } from './embedded/server-process';
export { signalIfAlive, stopProcess, type StopStep } from './embedded/stop-process';
export { runCommand, type CommandOptions, type CommandResult } from './embedded/run-command';
