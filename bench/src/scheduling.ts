import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { planInstance, type Instance } from './scheduling/instance';
import { playWorld, type World } from './scheduling/world';
import { summarise } from './statistics';

/**
 * Plans frozen instances and plays frozen worlds with the planner that Tower runs, and writes what came of it, for a
 * judge that is not ours: `npm run bench:scheduling -- --offline FILE --online DIR --out DIR`.
 */
function main(): void {
  const { values } = parseArgs({
    options: { offline: { type: 'string' }, online: { type: 'string' }, out: { type: 'string' } },
  });
  if (values.out === undefined || (values.offline ?? values.online) === undefined)
    throw new Error('usage: npm run bench:scheduling -- [--offline FILE] [--online DIR] --out DIR');
  mkdirSync(values.out, { recursive: true });
  const result = {
    benchmark: 'scheduling',
    machine: { cpus: cpus().length, model: cpus()[0]?.model ?? 'unknown', node: process.version },
    ...(values.offline === undefined ? {} : { offline: planAll(values.offline, values.out) }),
    ...(values.online === undefined ? {} : { online: playAll(values.online, values.out) }),
  };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
}

function planAll(file: string, out: string) {
  const decisionMs: number[] = [];
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  const schedules = lines.map((line) => planInstance(JSON.parse(line) as Instance, decisionMs));
  writeFileSync(join(out, 'offline.jsonl'), `${schedules.map((one) => JSON.stringify(one)).join('\n')}\n`);
  return { instances: schedules.length, decision_ms: summarise(decisionMs) };
}

function playAll(directory: string, out: string) {
  const decisionMs: number[] = [];
  const files = readdirSync(directory).filter((name) => name.endsWith('.json'));
  for (const name of files) {
    const world = JSON.parse(readFileSync(join(directory, name), 'utf8')) as World;
    writeFileSync(join(out, name), JSON.stringify(playWorld(world, decisionMs)));
  }
  return { worlds: files.length, decision_ms: summarise(decisionMs) };
}

try {
  main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
