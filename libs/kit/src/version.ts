import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The root of this checkout or image: the folder that holds `libs/` and `migrations/`. */
export const repositoryRoot = join(__dirname, '..', '..', '..');

const manifest = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as { version: string };

/** Tower's version, one for all processes. */
export const towerVersion: string = manifest.version;
