#!/usr/bin/env node
import { parseCommandLine } from './command-line';
import { startComfySim } from './comfy-sim';
import { FlagRefused } from './launch-flags';

async function main(): Promise<void> {
  const options = parseCommandLine(process.argv.slice(2));
  // A crash is a real one: no handler runs, no socket is closed, the parent sees the signal.
  const onCrash = (exitCode: number): void => {
    if (exitCode === 137) process.kill(process.pid, 'SIGKILL');
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
