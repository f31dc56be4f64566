import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startComfySim, type ComfySimOptions, type RunningComfySim } from '../comfy-sim';
import { parseFault } from '../faults/faults';
import { ComfyClient } from './comfy-client';

/** Simulators in this process, each with its client, on ports and folders of their own. */
export class SimBench {
  private readonly running: RunningComfySim[] = [];
  private readonly clients: ComfyClient[] = [];
  readonly home = mkdtempSync(path.join(tmpdir(), 'comfy-sim-bench-'));

  /** Faults are given as text. */
  async start(
    faults: readonly string[] = [],
    options: Partial<ComfySimOptions> = {},
  ): Promise<{ sim: RunningComfySim; client: ComfyClient }> {
    const home = path.join(this.home, String(this.running.length));
    const sim = await startComfySim({ home, timeScale: 0, toys: true, faults: faults.map(parseFault), ...options });
    this.running.push(sim);
    const client = new ComfyClient(sim.url, 20_000);
    this.clients.push(client);
    return { sim, client };
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.close();
    await Promise.all(this.running.map((sim) => sim.stop()));
    rmSync(this.home, { recursive: true, force: true });
  }
}
