import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync } from 'node:fs';

/**
 * What a live process is, beyond its number: the number and the moment it started, so that a reused number is not
 * taken for the old process. `undefined` when nothing runs there; a zombie runs nothing.
 */
export function processIdentity(pid: number): string | undefined {
  if (process.platform === 'linux') {
    const stat = readProc(`/proc/${pid}/stat`);
    if (stat === undefined) return undefined;
    // The command in parentheses may itself contain spaces and parentheses: count from the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state] = fields;
    const startedAtTicks = fields[19];
    if (state === 'Z' || state === 'X' || startedAtTicks === undefined) return undefined;
    // Ticks count from the boot, so the boot is part of the moment.
    return `${pid}:${bootId()}:${startedAtTicks}`;
  }
  const started = ps(['-p', String(pid), '-o', 'stat=,lstart=']).trim();
  return started === '' || started.startsWith('Z') ? undefined : `${pid}:${started.replace(/^\S+\s+/, '')}`;
}

/**
 * Live processes of a program that work in this directory. Servers are started with their data directory as the
 * working directory, and comparing the directory itself (not its name) cannot confuse two containers that use the
 * same path.
 */
export function findServersIn(directory: string, program: string): number[] {
  return process.platform === 'linux' ? findInProc(directory, program) : findWithPs(directory, program);
}

/** Is this process certainly something else than the program? `false` when the machine does not let us know. */
export function runsAnotherProgram(pid: number, program: string): boolean {
  if (process.platform !== 'linux') return false;
  const name = readProc(`/proc/${pid}/comm`)?.trim();
  return name !== undefined && name !== program;
}

function findInProc(directory: string, program: string): number[] {
  // The kernel keeps the first 15 characters.
  const name = program.slice(0, 15);
  const wanted = statSync(directory, { throwIfNoEntry: false });
  if (wanted === undefined) return [];
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => readProc(`/proc/${pid}/comm`)?.trim() === name)
    .filter((pid) => processIdentity(pid) !== undefined)
    .filter((pid) => {
      try {
        const cwd = statSync(`/proc/${pid}/cwd`);
        return cwd.dev === wanted.dev && cwd.ino === wanted.ino;
      } catch {
        // Root in a container without CAP_SYS_PTRACE may not look: the arguments are readable by everyone.
        return readProc(`/proc/${pid}/cmdline`)?.split('\0').includes(directory) ?? false;
      }
    });
}

function findWithPs(directory: string, program: string): number[] {
  return ps(['-axo', 'pid=,command='])
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .filter(([, , command = '']) => command.split(' ')[0]?.endsWith(program) && command.includes(directory))
    .map(([, pid]) => Number(pid));
}

function bootId(): string {
  return readProc('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
}

/** `undefined` for a process that ended while it was looked at. */
function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function ps(args: string[]): string {
  try {
    return execFileSync('ps', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    // `ps -p` exits with 1 when there is no such process.
    return '';
  }
}
