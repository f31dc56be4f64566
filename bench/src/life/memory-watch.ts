import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { heapMb, residentMb, trendOf, type MemorySample, type MemoryTrend } from './memory';

/** To be loaded before a program (`node --require`), which then collects its garbage at SIGUSR2. */
export const collectOnSignal = join(__dirname, 'collect-on-signal.js');

/**
 * Looks after which garbage is collected: what is left lives, and rises with a leak, while resident memory swings with
 * the collector.
 */
const looksPerCollection = 20;
/** Milliseconds within which a process has collected its garbage. */
const collectingMs = 1_500;

interface Target {
  readonly targets: readonly string[];
  readonly labels: { readonly service: string };
}

/** Notes what memory the processes of one Tower hold as jobs go by; its services have to run with `collectOnSignal`. */
export class MemoryWatch {
  private readonly resident = new Map<string, MemorySample[]>();
  private readonly live = new Map<string, MemorySample[]>();
  private looks = 0;

  constructor(private readonly home: string) {}

  /** `jobs`: how many were over by now. */
  async look(jobs: number, launcherPid: number | undefined): Promise<void> {
    const pids = this.pids();
    for (const [name, pid] of [...pids, ['launcher', launcherPid] as const])
      keep(this.resident, name, jobs, pid === undefined ? undefined : residentMb(pid));
    if (this.looks++ % looksPerCollection === 0) await this.lookAtWhatLives(jobs, pids);
  }

  /** Resident megabytes at the last look. */
  latest(): string {
    return [...this.resident].map(([name, samples]) => `${name} ${Math.round(samples.at(-1)?.mb ?? NaN)}`).join(', ');
  }

  trends(): Record<'resident_memory' | 'live_memory', Record<string, MemoryTrend>> {
    const of = (series: Map<string, MemorySample[]>): Record<string, MemoryTrend> =>
      Object.fromEntries([...series].map(([name, samples]) => [name, trendOf(samples)]));
    return { resident_memory: of(this.resident), live_memory: of(this.live) };
  }

  private pids(): [string, number][] {
    const runs = join(this.home, 'run');
    return readdirSync(runs)
      .filter((file) => file.endsWith('.json'))
      .map((file) => {
        const record = JSON.parse(readFileSync(join(runs, file), 'utf8')) as { name: string; pid: number };
        return [record.name, record.pid];
      });
  }

  private async lookAtWhatLives(jobs: number, pids: readonly (readonly [string, number])[]): Promise<void> {
    const targets = JSON.parse(readFileSync(join(this.home, 'prometheus-targets.json'), 'utf8')) as Target[];
    for (const [name, pid] of pids)
      if (targets.some(({ labels }) => labels.service === name)) process.kill(pid, 'SIGUSR2');
    await sleep(collectingMs);
    await Promise.all(
      targets.map(async ({ targets: [address = ''], labels }) =>
        keep(this.live, labels.service, jobs, await heapMb(address)),
      ),
    );
  }
}

function keep(series: Map<string, MemorySample[]>, name: string, jobs: number, mb: number | undefined): void {
  if (mb !== undefined) series.set(name, [...(series.get(name) ?? []), { jobs, mb }]);
}
