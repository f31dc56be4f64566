import { dirname } from 'node:path';
import { AppError } from '@tower/kit';
import { ownUid } from '../processes/own-uid';
import { runCommand } from '../processes/run-command';
import type { PostgresBinaries } from './postgres-binaries';

/** `nobody`: the one user besides root who has a name on every machine. */
const nobody = 65534;

/** How the server's programs are run: PostgreSQL refuses to work as root. */
export interface PostgresAccount {
  readonly strategy: 'same_user' | 'own_user' | 'own_user_with_search_right' | 'user_namespace';
  /** Put before the command; each of these execs it, so the process id stays the same. */
  readonly prefix: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
  /** Who has to own the data directory, as root sees it. */
  readonly owner?: number;
  /** How initdb is run where that differs: it asks for the name of its user, and a number of our own has none. */
  readonly initdb?: PostgresAccount;
}

/** By number, because no account has to exist for it. */
const asOwnUser = (uid: number): PostgresAccount => ({
  strategy: 'own_user',
  prefix: [],
  uid,
  gid: uid,
  owner: uid,
  initdb: { strategy: 'own_user', prefix: [], uid: nobody, gid: uid, owner: nobody },
});

/**
 * For a checkout or a data directory below a closed folder (/root, a `mktemp -d`): its own user, plus the one right to
 * pass through folders. PostgreSQL checks its own program with access(2), which ignores the capabilities of anyone
 * but root unless `no_setuid_fixup` is set.
 */
const withCapabilities = (uid: number, ...names: string[]): PostgresAccount => {
  const set = ['-all', ...names.map((name) => `+${name}`)].join(',');
  const rights = [`--inh-caps=${set}`, `--ambient-caps=${set}`, `--bounding-set=${set}`];
  const as = (owner: number): PostgresAccount => {
    const identity = [`--reuid=${owner}`, `--regid=${uid}`, '--clear-groups', '--nnp', '--securebits=+no_setuid_fixup'];
    return { strategy: 'own_user_with_search_right', prefix: ['setpriv', ...identity, ...rights, '--'], owner };
  };
  return { ...as(uid), initdb: as(nobody) };
};

/** Inside the namespace root is not root: it still opens what root owns, without any capability. */
const inUserNamespace: PostgresAccount = {
  strategy: 'user_namespace',
  prefix: ['unshare', '--user', `--map-user=${nobody}`, `--map-group=${nobody}`, '--'],
  owner: 0,
};

/** From the least rights to the most. Containers often have `dac_override` without `dac_read_search`. */
const accountsForRoot = (uid: number): readonly PostgresAccount[] => [
  asOwnUser(uid),
  withCapabilities(uid, 'dac_read_search'),
  withCapabilities(uid, 'dac_override'),
  withCapabilities(uid, 'dac_read_search', 'dac_override'),
  inUserNamespace,
];

/**
 * The first way in which the server really can reach its programs and the folder that holds the data directory.
 * The kernel is asked, not the mode bits: access lists, containers and mounts have a say too.
 */
export async function choosePostgresAccount(binaries: PostgresBinaries, dataDir: string): Promise<PostgresAccount> {
  if (process.getuid?.() !== 0) return { strategy: 'same_user', prefix: [] };
  const refusals: string[] = [];
  // Whoever shares the user of a server may read its data, let himself in and stop it.
  for (const account of accountsForRoot(ownUid(`${dataDir}.uid`))) {
    const probe = await probeAccount(account, binaries, dirname(dataDir));
    if (probe.ok) return account;
    refusals.push(`${account.strategy}: ${probe.output.split('\n').at(-1) ?? ''}`);
  }
  throw new AppError(
    'unavailable',
    'postgres_no_account',
    `PostgreSQL does not run as root, and no other way reaches ${binaries.postgres} and ` +
      `${dirname(dataDir)}. Start Tower as an ordinary user, ` +
      `or put the checkout and the data where everyone may pass (chmod o+x on their parent folders), or install ` +
      `setpriv (util-linux). Tried: ${refusals.join('; ')}`,
    { details: { refusals } },
  );
}

const probeScript = '"$1" --version && test -r "$2" && cd "$3"';

async function probeAccount(
  account: PostgresAccount,
  binaries: PostgresBinaries,
  parent: string,
): ReturnType<typeof runCommand> {
  const script = ['sh', '-c', probeScript, 'sh', binaries.postgres, binaries.sharedFile, parent];
  return runAs(account, script);
}

/** Runs one of PostgreSQL's short commands (or a probe) in the account. */
export async function runAs(
  account: PostgresAccount,
  command: readonly string[],
  input?: string,
): ReturnType<typeof runCommand> {
  const [first = 'true', ...rest] = [...account.prefix, ...command];
  return runCommand([first, ...rest], {
    cwd: '/',
    env: postgresEnvironment(),
    ...(account.uid === undefined ? {} : { uid: account.uid }),
    ...(account.gid === undefined ? {} : { gid: account.gid }),
    ...(input === undefined ? {} : { input }),
  });
}

/**
 * Nothing of the launcher's own environment: PG* variables would redirect the server, secrets are none of its business.
 * LC_ALL keeps macOS from starting a locale thread inside the server.
 */
export function postgresEnvironment(): NodeJS.ProcessEnv {
  const { PATH, SystemRoot, TMPDIR } = process.env;
  return { PATH, SystemRoot, TMPDIR, LC_ALL: 'C' };
}
