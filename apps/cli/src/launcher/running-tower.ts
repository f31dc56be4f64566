import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AppError, processIdentity } from '@tower/kit';
import { claimDirectory, type DirectoryClaim } from '@tower/machine';
import { z } from 'zod';
import { towerHome } from '../home';
import { readJson, writeWhole } from './run-record';

/** What other commands need to know of the Tower that runs in a home. */
const runningTower = z.object({
  pid: z.int(),
  identity: z.string(),
  url: z.string(),
  library: z.string(),
  version: z.string(),
  simulated: z.boolean(),
  startedAt: z.iso.datetime(),
});
type RunningTower = z.infer<typeof runningTower>;

const fileOf = (home: string): string => join(home, 'tower.json');

/** The Tower whose launcher is alive in this home, ready or not. */
export function findRunningTower(home: string): RunningTower | undefined {
  const parsed = runningTower.safeParse(readJson(fileOf(home)));
  return parsed.success && processIdentity(parsed.data.pid) === parsed.data.identity ? parsed.data : undefined;
}

export function announceTower(home: string, tower: Omit<RunningTower, 'pid' | 'identity'>): void {
  writeWhole(
    fileOf(home),
    `${JSON.stringify({ pid: process.pid, identity: processIdentity(process.pid) ?? '', ...tower })}\n`,
  );
}

export const withdrawTower = (home: string): void => rmSync(fileOf(home), { force: true });

/** One launcher per home. A lock whose holder was killed counts for nothing. */
export async function claimHome(home: string): Promise<DirectoryClaim> {
  mkdirSync(towerHome(home).run, { recursive: true });
  try {
    return await claimDirectory(join(home, 'tower'));
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'data_dir_in_use') throw error;
    const holder = findRunningTower(home);
    const { pid } = error.options.details ?? {};
    const where = holder === undefined ? '' : ` at ${holder.url}, since ${holder.startedAt}`;
    throw new AppError(
      'conflict',
      'tower_already_running',
      `Tower already runs in ${home} (process ${String(pid)}${where}); stop it, or set TOWER_HOME to another folder`,
      { cause: error },
    );
  }
}
