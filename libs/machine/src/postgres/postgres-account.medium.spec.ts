// Real: the kernel's answers to real processes under other identities. Only root has a choice to make.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { startEmbeddedPostgres } from './embedded-postgres';
import { choosePostgresAccount, runAs } from './postgres-account';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries';

const isRoot = process.getuid?.() === 0;
const hasUserNamespaces =
  spawnSync('unshare', ['--user', '--map-user=65534', '--map-group=65534', 'true']).status === 0;
const home = mkdtempSync(join(tmpdir(), 'tower-account-'));
chmodSync(home, 0o755);
const systemPath = process.env['PATH'];

/** A data directory whose parent everyone may pass, or only its owner. */
function dataDirIn(name: string, mode: number): string {
  mkdirSync(join(home, name), { recursive: true });
  chmodSync(join(home, name), mode);
  return join(home, name, 'pg');
}

/**
 * The same installation below another folder: open to all, or closed to others as in a checkout under /root. This
 * checkout may be either.
 */
function binariesIn(name: string, mode: number): PostgresBinaries {
  const here = findPostgresBinaries();
  const checkout = join(home, name);
  mkdirSync(checkout, { mode });
  chmodSync(checkout, mode);
  execFileSync('cp', ['-a', dirname(dirname(here.postgres)), checkout]);
  const moved = (path: string): string => join(checkout, path.slice(dirname(dirname(dirname(here.postgres))).length));
  return {
    packageName: here.packageName,
    initdb: moved(here.initdb),
    postgres: moved(here.postgres),
    sharedFile: moved(here.sharedFile),
  };
}

/** A machine that has these programs and no others. */
function pathWithOnly(...programs: string[]): string {
  const bin = mkdtempSync(join(home, 'bin-'));
  chmodSync(bin, 0o755);
  for (const program of ['sh', ...programs])
    symlinkSync(execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim(), join(bin, program));
  return bin;
}

async function roundTrip(dataDir: string): Promise<{ uid: string; capabilities: string; ownerOfData: number }> {
  const server = await startEmbeddedPostgres({ dataDir });
  try {
    const client = new Client({ connectionString: server.url });
    await client.connect();
    await client.query('create table if not exists fact(id int); insert into fact values (1)');
    await client.end();
    const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
    const field = (name: string): string => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1] ?? '';
    expect(field('Name')).toBe('postgres');
    return { uid: field('Uid'), capabilities: field('CapEff'), ownerOfData: statSync(dataDir).uid };
  } finally {
    await server.stop();
  }
}

/** Which one was chosen for this data directory. */
const uidOf = (dataDir: string): number => Number(readFileSync(`${dataDir}.uid`, 'utf8'));

const nothing = '0000000000000000';
const dacReadSearch = '0000000000000004';

afterEach(() => {
  process.env['PATH'] = systemPath;
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const describeForRoot = isRoot ? describe : describe.skip;

describeForRoot('root (skipped for ordinary users: they run the server themselves)', () => {
  it('runs the server as a user of its own without any right where everyone may pass', async () => {
    const dataDir = dataDirIn('open', 0o755);
    const binaries = binariesIn('open-checkout', 0o755);
    const account = await choosePostgresAccount(binaries, dataDir);
    expect(account.strategy).toBe('own_user');
    expect(await runAs(account, [binaries.postgres, '--version'])).toMatchObject({
      ok: true,
      output: expect.stringContaining('PostgreSQL) 18'),
    });
    const checkoutIsOpen = (await choosePostgresAccount(findPostgresBinaries(), dataDir)).strategy === 'own_user';
    expect(await roundTrip(dataDir)).toEqual({
      uid: String(uidOf(dataDir)),
      capabilities: checkoutIsOpen ? nothing : dacReadSearch,
      ownerOfData: uidOf(dataDir),
    });
  });

  it("gives every cluster its own, whom no account and nobody else's process is", async () => {
    const [one, two] = [dataDirIn('one', 0o755), dataDirIn('two', 0o755)];
    const binaries = binariesIn('shared-checkout', 0o755);
    const accounts = [await choosePostgresAccount(binaries, one), await choosePostgresAccount(binaries, two)];
    expect(uidOf(one)).not.toBe(uidOf(two));
    expect(accounts.map(({ uid }) => uid)).toEqual([uidOf(one), uidOf(two)]);
    for (const uid of [uidOf(one), uidOf(two)]) expect(spawnSync('getent', ['passwd', String(uid)]).status).not.toBe(0);
  });

  it('takes a cluster over that belongs to nobody, whose processes then have no way in', async () => {
    const dataDir = dataDirIn('inherited', 0o755);
    await roundTrip(dataDir);
    execFileSync('chown', ['-R', '65534:65534', dataDir]);
    rmSync(`${dataDir}.uid`);
    const server = await startEmbeddedPostgres({ dataDir });
    try {
      const client = new Client({ connectionString: server.url });
      await client.connect();
      expect((await client.query('select id from fact')).rows).toEqual([{ id: 1 }]);
      await client.end();
      const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups', '--'];
      const asNobody = (...argv: string[]): number | null =>
        spawnSync('setpriv', [...nobody, ...argv], { cwd: '/' }).status;
      expect(asNobody('true')).toBe(0);
      expect(asNobody('cat', join(dataDir, 'PG_VERSION'))).not.toBe(0);
      expect(asNobody('sh', '-c', `echo >> '${dataDir}/pg_hba.conf'`)).not.toBe(0);
      expect(asNobody('kill', '-0', String(server.pid))).not.toBe(0);
    } finally {
      await server.stop();
    }
  });

  it('adds only the right to pass through folders when the data lies in a closed one', async () => {
    const dataDir = dataDirIn('closed', 0o700);
    const account = await choosePostgresAccount(findPostgresBinaries(), dataDir);
    expect(account).toMatchObject({ strategy: 'own_user_with_search_right' });
    expect(await roundTrip(dataDir)).toEqual({
      uid: String(uidOf(dataDir)),
      capabilities: dacReadSearch,
      ownerOfData: uidOf(dataDir),
    });
    expect(statSync(dirname(dataDir)).mode & 0o777).toBe(0o700);
  });

  it('reaches programs below a closed folder', async () => {
    const binaries = binariesIn('closed-checkout', 0o700);
    const account = await choosePostgresAccount(binaries, dataDirIn('open', 0o755));
    expect(account.strategy).toBe('own_user_with_search_right');
    expect(await runAs(account, [binaries.postgres, '--version'])).toMatchObject({
      ok: true,
      output: expect.stringContaining('PostgreSQL) 18'),
    });
  });

  (hasUserNamespaces ? it : it.skip)(
    'falls back to a user namespace without setpriv (skipped where the kernel forbids them)',
    async () => {
      const dataDir = dataDirIn('namespace', 0o700);
      process.env['PATH'] = pathWithOnly('unshare');
      expect(await choosePostgresAccount(findPostgresBinaries(), dataDir)).toMatchObject({
        strategy: 'user_namespace',
      });
      expect(await roundTrip(dataDir)).toEqual({ uid: '0', capabilities: nothing, ownerOfData: 0 });
    },
  );

  (hasUserNamespaces ? it : it.skip)(
    'hands a cluster from one account to the next (skipped where the kernel forbids user namespaces)',
    async () => {
      const dataDir = dataDirIn('moving', 0o700);
      expect(await roundTrip(dataDir)).toMatchObject({ ownerOfData: uidOf(dataDir) });
      process.env['PATH'] = pathWithOnly('unshare');
      expect(await roundTrip(dataDir)).toMatchObject({ ownerOfData: 0 });
      process.env['PATH'] = systemPath;
      expect(await roundTrip(dataDir)).toMatchObject({ ownerOfData: uidOf(dataDir) });
    },
  );

  it('says what to do when nothing works', async () => {
    const dataDir = dataDirIn('hopeless', 0o700);
    process.env['PATH'] = pathWithOnly();
    await expect(choosePostgresAccount(findPostgresBinaries(), dataDir)).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'postgres_no_account',
      message: expect.stringMatching(/ordinary user.*chmod.*setpriv/),
    });
  });
});

describe('the binaries of a platform that npm has no package for', () => {
  it('are reported as missing, with what to do', () => {
    expect(() => findPostgresBinaries('plan9', 'mips')).toThrow(
      expect.objectContaining({ code: 'postgres_binaries_missing', message: expect.stringContaining('npm ci') }),
    );
  });
});
