import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { predictHistory, type Finished } from './estimates/history';

/**
 * Predicts frozen histories line by line with the estimator that Tower runs, each before its measured fields are looked
 * at, and writes the predictions for a judge that is not ours: `npm run bench:estimates -- --out DIR FILE…`.
 */
function main(): void {
  const { values, positionals } = parseArgs({ options: { out: { type: 'string' } }, allowPositionals: true });
  if (values.out === undefined || positionals.length === 0)
    throw new Error('usage: npm run bench:estimates -- --out DIR FILE…');
  mkdirSync(values.out, { recursive: true });
  const began = performance.now();
  let lines = 0;
  for (const file of positionals) {
    const history = readFileSync(file, 'utf8').trim().split('\n');
    const predictions = predictHistory(history.map((line) => JSON.parse(line) as Finished));
    lines += predictions.length;
    writeFileSync(
      join(values.out, basename(file)),
      `${predictions.map((prediction) => JSON.stringify(prediction)).join('\n')}\n`,
    );
  }
  const result = {
    benchmark: 'estimates',
    machine: { cpus: cpus().length, model: cpus()[0]?.model ?? 'unknown', node: process.version },
    files: positionals.length,
    attempts: lines,
    microseconds_per_attempt: Math.round(((performance.now() - began) / lines) * 1000),
  };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
}

try {
  main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
