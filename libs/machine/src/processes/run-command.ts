import { spawn } from 'node:child_process';

interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number;
  readonly gid?: number;
  readonly input?: string;
  readonly timeoutMs?: number;
}

export interface CommandResult {
  readonly ok: boolean;
  /** Standard output and standard error as they came. */
  readonly output: string;
}

/**
 * Runs a short command to its end. A command that cannot be run at all is a result too: the caller has a second way.
 */
export async function runCommand(
  argv: readonly [string, ...string[]],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { input, timeoutMs, ...spawnOptions } = options;
  const [command, ...args] = argv;
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...spawnOptions, stdio: 'pipe' });
    // Not spawn's own timeout: its timer keeps the process alive after a command that could not be run.
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    let output = '';
    const collect = (chunk: Buffer): void => {
      output += chunk.toString('utf8');
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    // A command that ends without reading its input closes the pipe; its exit status is what counts.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
    child.once('error', (error) => {
      clearTimeout(timer);
      resolve({ ok: false, output: `${command}: ${error.message}` });
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      const ended = signal === null ? '' : `\n${command} was ended by ${signal}`;
      resolve({ ok: code === 0, output: `${output.trim()}${ended}` });
    });
  });
}
