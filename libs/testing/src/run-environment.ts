import { AppError } from '@tower/kit';

/**
 * What jest's global setup leaves for the workers, which are other processes. A server that did not start is reported
 * to the specs that need it, so that pure specs run on any machine.
 */
const names = {
  postgresUrl: 'TOWER_TEST_PG_URL',
  postgresError: 'TOWER_TEST_PG_ERROR',
  natsBin: 'TOWER_TEST_NATS_BIN',
  natsError: 'TOWER_TEST_NATS_ERROR',
  /** Below it lies everything this run writes. */
  folder: 'TOWER_TEST_FOLDER',
} as const;

export function leaveForSpecs(name: keyof typeof names, value: string): void {
  process.env[names[name]] = value;
}

export function findFromSetup(name: keyof typeof names): string | undefined {
  const value = process.env[names[name]];
  return value === '' ? undefined : value;
}

export function getFromSetup(name: 'postgresUrl' | 'natsBin' | 'folder'): string {
  const value = findFromSetup(name);
  if (value !== undefined) return value;
  const reason = name === 'folder' ? undefined : findFromSetup(name === 'natsBin' ? 'natsError' : 'postgresError');
  throw new AppError(
    'unavailable',
    'test_server_missing',
    `${names[name]} is not set: ` +
      `${reason ?? 'run jest with the configuration of this repository, whose global setup starts the servers'}`,
  );
}
