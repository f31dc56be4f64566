#!/usr/bin/env node
import { AppError, describeError } from '@tower/kit';
import { CommanderError } from 'commander';
import { towerProgram } from './program';

/** What must be changed by a person before another try can work. */
const configurationExitCode = 2;

// A reader that closes the pipe early (`tower status | head -1`) is no error.
process.stdout.on('error', () => undefined);

towerProgram((code) => process.exit(code))
  .exitOverride()
  .parseAsync()
  .catch((error: unknown) => {
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : configurationExitCode);
    process.stderr.write(`tower: ${describeError(error)}\n`);
    if (!(error instanceof AppError) && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
    process.exit(error instanceof AppError && error.kind === 'invalid' ? configurationExitCode : 1);
  });
