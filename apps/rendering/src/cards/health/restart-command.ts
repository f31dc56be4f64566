import { spawn } from 'node:child_process';
import { describeError } from '@tower/kit';

/** Milliseconds; a command that waits for the server to be up again is done by then. */
const limitMs = 120_000;
/** Characters that are kept of what it writes, from the end. */
const keptOutput = 4_000;

export interface CommandResult {
  /** Null when it could not be started or was ended for taking too long. */
  exitCode: number | null;
  output: string;
}

/**
 * Runs a card's restart command: a program and its arguments, never a shell, with nothing on its input. It gets this
 * process's environment without anything that looks like a secret. Never throws.
 */
export function runRestartCommand(command: readonly string[], timeLimitMs = limitMs): Promise<CommandResult> {
  const [program, ...args] = command;
  if (program === undefined) return Promise.resolve({ exitCode: null, output: 'the restart command is empty' });
  return new Promise((resolve) => {
    let output = '';
    let timedOut = false;
    const child = spawn(program, args, { shell: false, stdio: ['ignore', 'pipe', 'pipe'], env: harmlessEnvironment() });
    const limit = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, timeLimitMs);
    const keep = (chunk: Buffer): void => void (output = (output + chunk.toString('utf8')).slice(-keptOutput));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const end = (exitCode: number | null, words: string): void => {
      clearTimeout(limit);
      // A server that the command started keeps these open; nobody reads them any more.
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ exitCode, output: withoutSecrets(`${output}${words}`.trim()) });
    };
    child.once('error', (error) => end(null, describeError(error)));
    child.once('exit', (code) => end(timedOut ? null : code, timedOut ? `\nended after ${timeLimitMs} ms` : ''));
  });
}

/** `TOWER_GPUS` may hold addresses with passwords. */
const secretName = /(key|token|secret|password|passwd|credential|auth|database_url|nats_url|tower_gpus$)/i;

const harmlessEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !secretName.test(name)));

/**
 * Takes out what looks like a secret: credentials in addresses, authorization headers, and values given to names that
 * speak of secrets.
 */
function withoutSecrets(text: string): string {
  return text
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@"']+@/gi, '$1[redacted]@')
    .replace(/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/g, '$1 [redacted]')
    .replace(/\b([\w-]*(?:key|token|secret|password|passwd)[\w-]*\s*[=:]\s*)("[^"]*"|'[^']*'|\S+)/gi, '$1[redacted]');
}
