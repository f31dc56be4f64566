import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { routes, type JobView } from '@tower/contracts';
import { waitFor } from '@tower/testing';
import { newHome, TowerProcess } from './tower-process';

/** Words in a prompt, and so in the picture's own text, that end the decoder which looks at it. */
export const deadly = 'DEADLY-FOR-ITS-DECODER';

/** A Tower whose quality has decoders that die of some pictures, and that can be held while they decode. */
export class DeadlyTower {
  private constructor(
    readonly tower: TowerProcess,
    private readonly hold: string,
  ) {}

  /** With `quickRestarts` its launcher does not wait longer from one end of a process to the next. */
  static async start({ quickRestarts = false } = {}): Promise<DeadlyTower> {
    const home = newHome();
    const hold = join(home, 'hold');
    const fixtures = ['deadly-decoder', ...(quickRestarts ? ['quick-restarts'] : [])];
    const NODE_OPTIONS = fixtures.map((name) => `--require ${resolve(__dirname, `${name}.fixture.cjs`)}`).join(' ');
    return new DeadlyTower(
      await TowerProcess.start({ home, env: { NODE_OPTIONS, DEADLY_MARK: deadly, DEADLY_HOLD: hold } }),
      hold,
    );
  }

  /** Until it is let go, whoever decodes in quality does not get on. */
  holdDecoders(): void {
    writeFileSync(this.hold, '');
  }

  letGo(): void {
    rmSync(this.hold, { force: true });
  }

  async ask(prompts: readonly string[]): Promise<string[]> {
    const { api } = this.tower;
    const project = await api.call(routes.createProject, { body: { name: 'Deadly drill' } });
    const ids: string[] = [];
    for (const prompt of prompts) {
      const body = {
        project_id: project.id,
        job_type: 'still_image' as const,
        prompt,
        width: 64,
        height: 64,
        max_regenerations: 0,
      };
      ids.push((await api.call(routes.generate, { body })).job_id);
    }
    return ids;
  }

  async ended(ids: readonly string[], timeoutMs: number): Promise<JobView[]> {
    const deadline = Date.now() + timeoutMs;
    const jobs: JobView[] = [];
    for (const id of ids) {
      const job = await waitFor(
        async () => {
          const now = await this.tower.api.call(routes.getJob, { params: { id } });
          return now.ended_at === null ? undefined : now;
        },
        { timeoutMs: Math.max(1_000, deadline - Date.now()), describe: `job ${id} to end` },
      );
      jobs.push(job);
    }
    return jobs;
  }

  /** Whether quality has been given a picture: a process of its own works on it. */
  qualityDecodes(): boolean {
    const pid = this.tower.pidOf('quality');
    return pid !== undefined && childrenOf(pid).length > 0;
  }
}

function childrenOf(pid: number): number[] {
  const parentOf = (name: string): number => {
    try {
      return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1]);
    } catch {
      return NaN;
    }
  };
  return existsSync('/proc')
    ? readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
        .map(Number)
    : [];
}
