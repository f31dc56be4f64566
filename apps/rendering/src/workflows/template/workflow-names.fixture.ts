import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@tower/kit';

/** The templates that are there, for tables of tests that are written down before anything can be awaited. */
export const workflowNames = readdirSync(join(repositoryRoot, 'workflows'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort();
