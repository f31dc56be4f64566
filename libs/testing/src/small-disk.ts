import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system in memory, of a spec's own. */
export interface SmallDisk {
  /** With `-l`: also while a process that is being ended still has a file of it open. */
  unmount(): void;
}

/** @param size as mount(8) takes it for a tmpfs: `64m`. The folder must be there; any user may look into it. */
export function mountSmallDisk(folder: string, size: string): SmallDisk {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { stdio: 'ignore' });
  chmodSync(folder, 0o755);
  return { unmount: () => void execFileSync('umount', ['-l', folder], { stdio: 'ignore' }) };
}

/**
 * Whether this process may mount: root may, if not in every container. Known by trying, and what was tried is taken
 * back at once: jest calls no hook around tests that are skipped.
 */
export function mayMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'tower-mount-'));
  try {
    mountSmallDisk(folder, '1m').unmount();
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
