import { link, lstat, open, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileSystemView } from '@tower/contracts';
import { newId } from '@tower/kit';
import { flushToDisk } from './flush';

/** Bytes. Tower's longest name is that of an unfinished file with its note. */
const longestOwnName = 120;
/** Bytes that names may have on the usual file systems, the longest first. */
const nameLengths = [255, 143, longestOwnName];

/** Magic numbers of statfs(2), for people. */
const kinds: Readonly<Record<number, string>> = {
  0xef53: 'ext4',
  0x58465342: 'XFS',
  0x9123683e: 'Btrfs',
  0x2fc12fc1: 'ZFS',
  0xf2f52010: 'F2FS',
  0x01021994: 'tmpfs',
  0x794c7630: 'overlay',
  0x6969: 'NFS',
  0xff534d42: 'SMB',
  0xfe534d42: 'SMB',
  0x517b: 'SMB',
  0x65735546: 'FUSE',
  0x2011bab0: 'exFAT',
  0x4d44: 'FAT',
  0x5346544e: 'NTFS',
  0x7366746e: 'NTFS',
  0x01021997: '9P',
  0x6a656a63: 'a shared folder of a virtual machine',
  0xf15f: 'eCryptfs',
};

/** System calls that a look needs; another set stands for a file system that lacks one. */
export interface FileCalls {
  link: typeof link;
  rename: typeof rename;
  flush: typeof flushToDisk;
}
const realCalls: FileCalls = { link, rename, flush: flushToDisk };

/**
 * What the file system below a folder can do, found by doing it with small files that are removed again: what a mount
 * is called says little about it. Throws what the system says when not even a file can be made there.
 */
export async function examineFileSystem(folder: string, calls: FileCalls = realCalls): Promise<FileSystemView> {
  const made = new Set<string>();
  const at = (name: string): string => {
    const path = join(folder, name);
    made.add(path);
    return path;
  };
  const probe = (): string => at(`.probe-${newId()}.tmp`);
  try {
    const first = probe();
    await writeFile(first, 'first', { flag: 'wx' });
    const reserved = probe();
    return {
      kind: await kindOf(folder),
      hard_links: await succeeds(async () => calls.link(first, probe())),
      exclusive_create: await createsExclusively(reserved),
      replacing_rename: await replaces(calls, first, reserved),
      flushes_files: await succeeds(() => calls.flush(reserved)),
      flushes_folders: await succeeds(() => calls.flush(folder)),
      case_sensitive: await tellsCasesApart(reserved, at),
      longest_name: await longestName(at),
      takes_own_names: await takes(at, `.probe-${newId()}-a1-1~2.tmp`),
    };
  } finally {
    for (const path of made) await rm(path, { force: true });
  }
}

/** Why nothing can be kept there at all; undefined when it can. */
export function unfitBecause(traits: FileSystemView): string | undefined {
  if (!traits.exclusive_create)
    return 'it lets two programs make the same new file, so that one would overwrite the other';
  if (!traits.replacing_rename)
    return 'it does not replace a file by renaming another, so that nothing could be written whole or not at all';
  if (traits.longest_name < longestOwnName)
    return `names may have ${traits.longest_name} bytes, and Tower's have up to ${longestOwnName}`;
  return traits.takes_own_names ? undefined : 'it does not take names with a dot in front or a tilde';
}

/** What it lacks and Tower does without, for a person; empty for a disk that has everything. */
export function lacksOf(traits: FileSystemView): string[] {
  return [
    ...(traits.hard_links ? [] : ['no hard links: a finished file gets its name by reserving it and renaming']),
    ...(traits.flushes_files ? [] : ['files cannot be flushed: a power cut may lose the newest']),
    ...(traits.flushes_folders ? [] : ['folders cannot be flushed: after a power cut the newest names may be missing']),
    ...(traits.case_sensitive ? [] : ['upper and lower case are one name; Tower writes lower case only']),
  ];
}

async function kindOf(folder: string): Promise<string> {
  const { type } = await statfs(folder);
  return kinds[type] ?? `0x${type.toString(16)}`;
}

/** A second create of the same name has to be refused. */
async function createsExclusively(path: string): Promise<boolean> {
  await (await open(path, 'wx')).close();
  return !(await succeeds(async () => (await open(path, 'wx')).close()));
}

async function replaces(calls: FileCalls, from: string, to: string): Promise<boolean> {
  return succeeds(async () => {
    await calls.rename(from, to);
    return (await readFile(to, 'utf8')) === 'first';
  });
}

async function tellsCasesApart(path: string, at: (name: string) => string): Promise<boolean> {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return !(await succeeds(() => lstat(at(name.toUpperCase()))));
}

async function longestName(at: (name: string) => string): Promise<number> {
  for (const length of nameLengths)
    if (await takes(at, `.probe-${newId()}`.padEnd(length - 4, 'n') + '.tmp')) return length;
  return 0;
}

const takes = (at: (name: string) => string, name: string): Promise<boolean> =>
  succeeds(() => writeFile(at(name), '', { flag: 'wx' }));

/** False when it throws or resolves to false. */
async function succeeds(act: () => Promise<unknown>): Promise<boolean> {
  try {
    return (await act()) !== false;
  } catch {
    return false;
  }
}
