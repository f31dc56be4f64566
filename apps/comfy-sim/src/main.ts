#!/usr/bin/env node
import { writeSync } from 'node:fs';
import { parseCommandLine } from './command-line';
import { startComfySim } from './comfy-sim';
import { FlagRefused } from './launch-flags';

/** What ROCm's runtime says before it aborts the process. */
const memoryFault =
  'Memory access fault by GPU node-1 (Agent handle: 0x55d0c8a0e2b0) on address 0x7f2c5a000000. Reason: Page ' +
  'not present or supervisor privilege.\n';
/** A shell sees 128 and the signal. */
const deadlySignals = new Map<number, NodeJS.Signals>([
  [134, 'SIGABRT'],
  [137, 'SIGKILL'],
  [139, 'SIGSEGV'],
]);

async function main(): Promise<void> {
  const options = parseCommandLine(process.argv.slice(2));
  // A crash is a real one: no handler runs, no socket is closed, the parent sees the signal.
  const onCrash = (exitCode: number): void => {
    const signal = deadlySignals.get(exitCode);
    if (signal === 'SIGABRT') writeSync(process.stdout.fd, memoryFault);
    if (signal !== undefined) process.kill(process.pid, signal);
    else process.exit(exitCode);
  };
  const sim = await startComfySim({ ...options, onCrash });
  // The real server does not say goodbye either: its sockets end with 1006.
  process.on('SIGTERM', () => process.exit(143));
  process.on('SIGINT', () => process.exit(0));
  // A launcher that was killed closes the channel; nobody else would ever stop this server.
  process.on('disconnect', () => process.exit(143));
  process.stdout.write(`comfy-sim ${options.profile} (${options.generation}) on ${sim.url}\n`);
  process.send?.({ type: 'ready', port: sim.port });
}

main().catch((error: unknown) => {
  process.stderr.write(`comfy-sim: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(error instanceof FlagRefused ? 2 : 1);
});
