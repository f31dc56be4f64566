import { join } from 'node:path';

/** Where things lie below TOWER_HOME. Only the launcher and what it starts write here. */
export interface TowerHome {
  readonly path: string;
  /** One file per live process, so that a later start can end what a killed one left behind. */
  readonly run: string;
  readonly log: string;
  readonly postgresLog: string;
  readonly natsLog: string;
  readonly ports: string;
  readonly postgresData: string;
  readonly natsStore: string;
  /** All passwords of the embedded NATS follow from it. */
  readonly natsSecret: string;
  /** The address with the credentials of publishers, while Tower runs. */
  readonly natsPublisherUrl: string;
  readonly prometheusTargets: string;
}

export const towerHome = (path: string): TowerHome => ({
  path,
  run: join(path, 'run'),
  log: join(path, 'logs', 'tower.log'),
  postgresLog: join(path, 'logs', 'postgres.log'),
  natsLog: join(path, 'logs', 'nats.log'),
  ports: join(path, 'ports.json'),
  postgresData: join(path, 'postgres', 'data'),
  natsStore: join(path, 'nats'),
  natsSecret: join(path, 'nats.secret'),
  natsPublisherUrl: join(path, 'nats-publisher.url'),
  prometheusTargets: join(path, 'prometheus-targets.json'),
});

export const simulatorHome = (home: TowerHome, gpu: string): string => join(home.path, 'sims', gpu);

/** One JSON line per executed prompt, written by the simulator. */
export const executionLog = (home: TowerHome, gpu: string): string =>
  join(simulatorHome(home, gpu), 'executions.jsonl');
