import { AppError, claimFile } from '@tower/kit';

export interface DirectoryClaim {
  release(): void;
}

/**
 * Lets one launcher at a time work on a data directory. Without it a second launcher would take the first one's
 * healthy server for an orphan and stop it. A claim whose launcher is dead counts for nothing.
 */
export async function claimDirectory(directory: string): Promise<DirectoryClaim> {
  const outcome = await claimFile(`${directory}.launcher`);
  if ('claim' in outcome) return outcome.claim;
  const pid = outcome.heldBy;
  throw new AppError(
    'conflict',
    'data_dir_in_use',
    `${directory} is already served by the launcher with process id ${pid}`,
    { details: { directory, pid } },
  );
}
