import { gpuConfig, isOver, type GenerateRequest, type GpuConfig, type JobView } from '@tower/contracts';
import { SimProcess } from '@tower/testing';
import { Gpu } from '../src/cards/card.entity';
import type { Leader } from '../src/execution/leader';
import { RenderingHarness, type HarnessOptions } from './rendering-harness';

/** Short enough for specs, long enough for a busy machine. */
export const shortLimits = {
  zombieMs: 3_000,
  refusedMs: 5_000,
  silentMs: 15_000,
  patience: 0.03,
  quarantineMs: { first: 1_000, last: 4_000 },
  restartCoolDownMs: 600_000,
  missingModelMs: 60_000,
  missingReadMs: 2_000,
  outputTries: { most: 5, everyMs: 500 },
};

/** What a spec stands on; the testing library is for specs alone, so they hand it in. */
export interface BenchResources {
  natsUrl: string;
  database: { url: string; drop: () => Promise<void> };
  waitFor: <Seen>(
    condition: () => Seen | Promise<Seen>,
    options: { timeoutMs: number; describe: string },
  ) => Promise<Exclude<Seen, undefined | null | false | 0 | ''>>;
}

export interface BenchOptions extends HarnessOptions {
  generation?: '0.3.64' | '0.33';
  timeScale?: number;
  /** More flags of the simulators. */
  flags?: readonly string[];
  /** Still more of one of them, by its name. */
  flagsOf?: Partial<Record<string, readonly string[]>>;
  /** More of a card's configuration, by its name. */
  configs?: Record<string, Partial<GpuConfig>>;
}

/**
 * Two simulated cards, a scheduler and a database, to set faults on: `small` is tried first, `big` is the other card.
 */
export class FaultBench {
  private constructor(
    private readonly grounds: BenchResources,
    readonly small: SimProcess,
    readonly big: SimProcess,
    readonly harness: RenderingHarness,
    private leader: Leader,
    private readonly options: HarnessOptions,
  ) {}

  static async open(grounds: BenchResources, options: BenchOptions = {}): Promise<FaultBench> {
    const sim = (name: 'rtx3060' | 'rx9070xt'): Promise<SimProcess> =>
      new SimProcess(name, name, options.timeScale ?? 0.02, options.generation ?? '0.3.64', [
        ...(options.flags ?? []),
        ...(options.flagsOf?.[name] ?? []),
      ]).start();
    const [small, big] = await Promise.all([sim('rtx3060'), sim('rx9070xt')]);
    const configs = [small, big].map((card) =>
      gpuConfig.parse({ name: card.name, url: card.url, ...options.configs?.[card.name] }),
    );
    const harness = await RenderingHarness.on(grounds.database.url, grounds.natsUrl, configs);
    await learnNothing(harness);
    const short = { ...options, limits: { ...shortLimits, ...options.limits } };
    const bench = new FaultBench(grounds, small, big, harness, await harness.startLeader(undefined, short), short);
    await bench.bothIdle();
    return bench;
  }

  /** The rendering process ends, and another one takes over. */
  async restartScheduler(): Promise<void> {
    await this.harness.stopLeaders();
    this.leader = await this.harness.startLeader(undefined, this.options);
  }

  /** A draft without a check, on the first card unless something keeps it away. */
  async request(body: Partial<GenerateRequest> = {}): Promise<string> {
    return (await this.harness.request({ auto_quality_check: false, seed: Math.floor(Math.random() * 1e9), ...body }))
      .job_id;
  }

  ended(id: string, timeoutMs = 60_000): Promise<JobView> {
    return this.grounds.waitFor(
      async () => {
        const job = await this.harness.job(id);
        return isOver(job.status) ? job : undefined;
      },
      { timeoutMs, describe: `job ${id} to end` },
    );
  }

  /** Both cards wait for work, so that the next job goes to the first one. */
  async bothIdle(): Promise<void> {
    await this.grounds.waitFor(() => this.leader.idleCards().length === 2, {
      timeoutMs: 45_000,
      describe: 'both cards to be idle',
    });
  }

  async rendered(body: Partial<GenerateRequest> = {}): Promise<JobView> {
    return this.ended(await this.request(body));
  }

  gpu(card: SimProcess): Promise<Gpu> {
    return this.harness.db.manager.findOneByOrFail(Gpu, { name: card.name });
  }

  state(card: SimProcess, state: Gpu['state'], detail: RegExp = /(?:)/, timeoutMs = 45_000): Promise<Gpu> {
    return this.grounds.waitFor(
      async () => {
        const gpu = await this.gpu(card);
        return gpu.state === state && detail.test(gpu.detail) ? gpu : undefined;
      },
      { timeoutMs, describe: `${card.name} to be ${state} ${String(detail)}` },
    );
  }

  /** Brings the cards back to where a row begins: running, without faults, idle. */
  async rest(): Promise<void> {
    for (const card of [this.small, this.big]) {
      if (!card.isRunning()) await card.start();
      await card.clearFaults();
      const gpu = await this.gpu(card);
      const queue = (await (await fetch(`${card.url}/queue`)).json()) as { queue_running: unknown[] };
      if (gpu.health.trouble?.kind !== 'needs_restart' && queue.queue_running.length === 0) continue;
      await card.kill();
      await this.state(card, 'down');
      await card.start();
    }
    await this.bothIdle();
    await this.grounds.waitFor(
      async () =>
        (await Promise.all([this.small, this.big].map((card) => this.gpu(card)))).every(
          (gpu) => gpu.health.trouble === null,
        ),
      { timeoutMs: 30_000, describe: 'both cards to be healthy' },
    );
  }

  async metric(name: string): Promise<number> {
    const values = (await this.harness.metrics.registry.getSingleMetric(name)?.get())?.values ?? [];
    return values.reduce((sum, { value }) => sum + value, 0);
  }

  async close(): Promise<void> {
    await this.harness.close();
    await Promise.all([this.small.close(), this.big.close()]);
    await this.grounds.database.drop();
  }
}

/**
 * Nothing is learnt of the cards' times and of what they hold: they are alike then, and the one that is configured
 * first
 * is tried first, whatever happened before.
 */
async function learnNothing({ db }: RenderingHarness): Promise<void> {
  await db.query(`create function learn_nothing() returns trigger language plpgsql as
    $$ begin return null; end $$`);
  await db.query(
    'create trigger learn_nothing before insert on runtime_sample for each row execute function learn_nothing()',
  );
  await db.query(`create function hold_nothing() returns trigger language plpgsql as
    $$ begin new.resident := '[]'; return new; end $$`);
  await db.query('create trigger hold_nothing before update on gpu for each row execute function hold_nothing()');
}

/** Where each attempt of the only task ran, how it ended, and which step led to it. */
export const story = (job: JobView): string[] =>
  (job.tasks[0]?.attempts ?? []).map(({ gpu, outcome, state, recovery }) => {
    const end = (outcome ?? state).split(':')[0] ?? '';
    return `${gpu}: ${end}${recovery === null ? '' : ` after ${recovery.step}`}`;
  });
