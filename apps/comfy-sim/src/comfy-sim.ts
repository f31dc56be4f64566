import type { Clock } from './clock';
import type { ExecutionLogEntry } from './execution-log';
import type { Faults } from './faults/faults';
import { settingsOf, type ComfySimOptions } from './settings';
import { SimulatedServer } from './simulated-server';
import { buildWorld } from './world';

export type { ComfySimOptions } from './settings';

export interface RunningComfySim {
  readonly url: string;
  readonly port: number;
  readonly faults: Faults;
  executionLog(): readonly ExecutionLogEntry[];
  /** SIGTERM: ends at once, sockets see 1006. Resolves when the port is free. */
  stop(): Promise<void>;
  /** kill -9: the same for clients, and whatever ran stays without an end in the execution log. */
  kill(): Promise<void>;
}

/** Builds one server, opens its port and starts its worker and its publisher. */
export async function startComfySim(options: ComfySimOptions): Promise<RunningComfySim> {
  const world = buildWorld(settingsOf(options));
  const { clock, faults, executionLog } = world;
  const server = new SimulatedServer(world);
  await bootDelay(faults, clock);
  const { url, port } = await server.open();
  const die = (): Promise<void> => server.die();
  return { url, port, faults, executionLog: () => executionLog.entries, stop: die, kill: die };
}

/** Real servers open their port when all packs are imported; until then connections are refused. */
async function bootDelay(faults: Faults, clock: Clock): Promise<void> {
  const delay = faults.strike('boot-delay');
  if (delay !== undefined) await clock.wait(delay.ms ?? 20_000);
}
