import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '@tower/kit';

/** Runs the simulated ComfyUI in the foreground, with its own options. */
export async function sim(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [join(repositoryRoot, 'apps', 'comfy-sim', 'dist', 'main.js'), ...args], {
    stdio: 'inherit',
  });
  // The terminal reaches both; what is sent to us alone is passed on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return code ?? 128 + constants.signals[signal ?? 'SIGTERM'];
}
