import { randomBytes } from 'node:crypto';
import { releaseOf } from '@tower/kit';
import { gte } from 'semver';
import type { GenerationId } from '../generation';
import { ComfyClient } from './comfy-client';
import { SimBench } from './sim-bench';

/** A server under contract, as far as it must be known before the first test. */
interface ContractTarget {
  readonly name: string;
  readonly generation: GenerationId;
  /** For graphs that sample; undefined where there is none. */
  readonly checkpoint: string | undefined;
  /** Undefined for a simulator, which is started for the suite. */
  readonly url: string | undefined;
  /** Others may use a real server at the same time. */
  readonly isShared: boolean;
}

const simulators: readonly ContractTarget[] = (['0.3.64', '0.33'] as const).map((generation) => ({
  name: `the simulator of ${generation}`,
  generation,
  checkpoint: 'anime_sd15.safetensors',
  url: undefined,
  isShared: false,
}));

/**
 * Both simulators, or the real server which the setup of `npm run test:comfyui` has asked for its version and its
 * checkpoints.
 */
export function contractTargets(): readonly ContractTarget[] {
  const facts = process.env['COMFYUI_FACTS'];
  if (facts === undefined) return simulators;
  const { url, version, checkpoint } = JSON.parse(facts) as { url: string; version: string; checkpoint: string | null };
  return [
    {
      name: `ComfyUI ${version}`,
      generation: gte(releaseOf(version), '0.33.0') ? '0.33' : '0.3.64',
      checkpoint: checkpoint ?? undefined,
      url,
      isShared: true,
    },
  ];
}

/** A step of a sampler lasts long enough to be interrupted. */
const unhurried = 0.5;
const patienceMs = 400_000;

/** One server and one client for a file of tests. Everything it leaves lies below its own prefix. */
export class ContractSession {
  private readonly bench: SimBench | undefined;
  private opened: ComfyClient | undefined;
  /** For files, in input, output and temp. */
  readonly folder = `tower-contract/${randomBytes(4).toString('hex')}`;

  /** @param timeScale of a simulator: what its seconds are multiplied by. A real server takes its time. */
  constructor(
    readonly target: ContractTarget,
    private readonly timeScale = unhurried,
  ) {
    this.bench = target.url === undefined ? new SimBench() : undefined;
  }

  async open(): Promise<void> {
    const { url, generation } = this.target;
    this.opened =
      this.bench === undefined
        ? new ComfyClient(url ?? '', patienceMs)
        : (await this.bench.start([], { generation, toys: false, timeScale: this.timeScale, profile: 'cpu' })).client;
  }

  get client(): ComfyClient {
    if (this.opened === undefined) throw new Error('the session is not open');
    return this.opened;
  }

  get isNew(): boolean {
    return this.target.generation === '0.33';
  }

  async close(): Promise<void> {
    this.client.close();
    await this.bench?.close();
  }
}
