import { join } from 'node:path';
import { repositoryRoot } from '@tower/kit';
import { z } from 'zod';

export const qualityEnv = z.object({
  /** The folder that holds every picture; `rendering` writes it, we read it. */
  TOWER_LIBRARY: z.string().min(1).default(join(repositoryRoot, 'library')),
});
