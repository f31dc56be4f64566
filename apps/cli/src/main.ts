#!/usr/bin/env node
import { AppError, describeError } from '@tower/kit';
import { CommanderError } from 'commander';
import { exitCode } from './exit-codes';
import { towerProgram } from './program';

/** What was asked has to be put right before another try can work. */
const wrongKinds: ReadonlySet<string> = new Set(['invalid', 'too_large']);

// A reader that closes the pipe early (`tower status | head -1`) is no error.
process.stdout.on('error', () => undefined);

towerProgram((code) => process.exit(code))
  .parseAsync()
  .catch((error: unknown) => {
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : exitCode.wrong);
    process.stderr.write(`tower: ${describeError(error)}\n`);
    if (!(error instanceof AppError) && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
    process.exit(error instanceof AppError && wrongKinds.has(error.kind) ? exitCode.wrong : exitCode.trouble);
  });
