// Real: the kernel's answers to processes under other identities. Only root has a choice to make.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  linkSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gpuConfig, type GpuConfig } from '@tower/contracts';
import { repositoryRoot } from '@tower/kit';
import { towerEnv } from '../env';
import { giveFolder } from './own-files';
import { chooseServiceUser, type ServiceUser } from './service-user';

const isRoot = process.getuid?.() === 0 && process.platform === 'linux';
const somebody = 1_234;

let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'tower-user-'));
  chmodSync(top, 0o755);
  mkdirSync(join(top, 'home'));
});
afterEach(() => rmSync(top, { recursive: true }));

const at = (...path: string[]): string => join(top, ...path);

function folder(path: string, uid = 0): string {
  mkdirSync(at(path), { recursive: true });
  chownSync(at(path), uid, uid);
  return at(path);
}

function file(path: string, uid = 0): string {
  writeFileSync(at(path), path);
  chownSync(at(path), uid, uid);
  return at(path);
}

function choose(settings: Record<string, string> = {}, gpus: readonly GpuConfig[] = []): ServiceUser {
  const env = towerEnv.parse({
    TOWER_HOME: at('home'),
    TOWER_LIBRARY: at('library'),
    TOWER_GPUS_FILE: at('gpus.yaml'),
    ...settings,
  });
  return chooseServiceUser(env, gpus);
}

const card = (more: object): GpuConfig => gpuConfig.parse({ name: 'card', url: 'http://127.0.0.1:8188', ...more });
const ownerOf = (path: string): number => lstatSync(at(path)).uid;
const drawn = (): number => Number(readFileSync(at('home', 'services.uid'), 'utf8'));

/** Where the checkout itself is closed to others, or belongs to nobody but root, everything stays as it is. */
const isOpen =
  spawnSync('/bin/sh', ['-c', 'cd "$1" && test -r package.json', 'sh', repositoryRoot], {
    uid: somebody,
    gid: somebody,
    cwd: '/',
  }).status === 0;
const steppingDown = isRoot && isOpen ? it : it.skip;
const asRoot = isRoot ? it : it.skip;

(isRoot ? it.skip : it)('an ordinary user stays who he is', () => {
  expect(choose()).toEqual({ user: undefined, stayRootBecause: [] });
});

steppingDown('a new home gets a user of its own, and the library with it', () => {
  const { user, stayRootBecause } = choose();
  expect(stayRootBecause).toEqual([]);
  expect(user).toEqual({ uid: drawn(), gid: drawn() });
  expect(drawn()).toBeGreaterThan(60_000);
  expect(ownerOf('library')).toBe(drawn());
  expect(choose().user).toEqual(user);
});

steppingDown('another home gets another user', () => {
  const first = choose().user;
  mkdirSync(at('other'));
  const second = choose({ TOWER_HOME: at('other'), TOWER_LIBRARY: at('other-library') }).user;
  expect(second?.uid).not.toBe(first?.uid);
});

steppingDown("the library of root is given away as far as it is Tower's", () => {
  for (const path of ['library', 'library/.incoming', 'library/night-train', 'library/night-train/unfiled'])
    folder(path);
  file('library/night-train/unfiled/a.png');
  file('library/night-train/of-somebody.png', somebody);
  expect(choose().stayRootBecause).toEqual([]);
  expect(['library', 'library/.incoming', 'library/night-train/unfiled/a.png'].map(ownerOf)).toEqual([
    drawn(),
    drawn(),
    drawn(),
  ]);
  expect(ownerOf('library/night-train/of-somebody.png')).toBe(somebody);
});

steppingDown('a library of somebody goes on being his: the services are he, and get what root made there', () => {
  folder('library', somebody);
  folder('library/.thumbnails');
  folder('library/night-train');
  file('library/night-train/a.png');
  expect(choose()).toEqual({ user: { uid: somebody, gid: somebody }, stayRootBecause: [] });
  expect(['library/.thumbnails', 'library/night-train', 'library/night-train/a.png'].map(ownerOf)).toEqual([
    somebody,
    somebody,
    somebody,
  ]);
});

steppingDown('what root wrote while the services were root is given away at the next step down', () => {
  const user = choose().user;
  folder('library/.incoming');
  const restarting = card({ restart_command: ['/bin/true'] });
  expect(choose({}, [restarting]).user).toBeUndefined();
  file('library/made-by-root.png');
  expect(choose().user).toEqual(user);
  expect(ownerOf('library/made-by-root.png')).toBe(user?.uid);
});

steppingDown.each<[string, () => ServiceUser, RegExp]>([
  [
    'a card is restarted by a command',
    () => choose({}, [card({ restart_command: ['/bin/systemctl', 'restart', 'comfyui'] })]),
    /restart_command of card/,
  ],
  [
    'models go to a folder of root',
    () => choose({}, [card({ models_folder: folder('models') })]),
    /could not be downloaded/,
  ],
  [
    'the cards stand in a file of root',
    () => {
      chmodSync(file('gpus.yaml'), 0o600);
      return choose();
    },
    /cannot read one of .*gpus\.yaml/,
  ],
  [
    'the home lies in a closed folder',
    () => {
      chmodSync(top, 0o700);
      return choose();
    },
    /cannot pass to/,
  ],
  [
    'root keeps other things in the library',
    () => {
      folder('library');
      file('library/taxes.pdf');
      return choose();
    },
    /holds more than Tower's files/,
  ],
])('the services stay root, and say why, where %s', (_, chosen, reason) => {
  const { user, stayRootBecause } = chosen();
  expect(user).toBeUndefined();
  expect(stayRootBecause.join('; ')).toMatch(reason);
  expect(ownerOf('library')).toBe(0);
});

asRoot('giving a folder follows no link and takes no second name of a file from elsewhere', () => {
  folder('given', somebody);
  const secret = file('secret');
  chmodSync(secret, 0o600);
  folder('outside');
  file('outside/kept');
  symlinkSync(secret, at('given', 'link'));
  symlinkSync(at('outside'), at('given', 'folder-link'));
  linkSync(secret, at('given', 'second-name'));
  lchownSync(at('given', 'link'), 0, 0);
  file('given/made');
  giveFolder(at('given'), { uid: somebody, gid: somebody }, 'of root');
  expect(['secret', 'outside', 'outside/kept'].map(ownerOf)).toEqual([0, 0, 0]);
  expect(ownerOf('given/made')).toBe(somebody);
  execFileSync('mv', [at('given'), at('moved')]);
  symlinkSync(at('outside'), at('given'));
  expect(() => giveFolder(at('given'), { uid: somebody, gid: somebody }, 'all')).toThrow(/ELOOP|ENOTDIR/);
  expect(statSync(at('outside')).uid).toBe(0);
});
