import { z } from 'zod';

/** What pino writes; anything further is kept as it is. */
const pinoLine = z.looseObject({
  level: z.string(),
  time: z.string(),
  msg: z.string().default(''),
  service: z.string().optional(),
});
export type LogLine = z.infer<typeof pinoLine>;

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

export const isAtLeast = (level: string, threshold: string): boolean => {
  const rank = (levels as readonly string[]).indexOf(level);
  const wanted = (levels as readonly string[]).indexOf(threshold);
  // An unknown level is shown rather than hidden; a threshold that is no level (`silent`) hides everything.
  return wanted !== -1 && (rank === -1 || rank >= wanted);
};

/**
 * A line of a child as a log line. What is not JSON is a native library or Node itself speaking; on stderr that is
 * worth a warning.
 */
export function toLogLine(service: string, stream: 'stdout' | 'stderr', text: string, now: Date): LogLine {
  if (text.startsWith('{')) {
    try {
      const parsed = pinoLine.safeParse(JSON.parse(text));
      if (parsed.success) return { service, ...parsed.data };
    } catch {
      // Half a line, cut off by a kill: kept as text.
    }
  }
  return { level: stream === 'stderr' ? 'warn' : 'info', time: now.toISOString(), service, msg: text, stream };
}

const colours: Record<string, string> = { trace: '90', debug: '90', info: '36', warn: '33', error: '31', fatal: '35' };
const paint = (text: string, code: string | undefined, on: boolean): string =>
  on && code !== undefined ? `\u001b[${code}m${text}\u001b[0m` : text;

/** Said already by the line's own columns, or of no use to a person at a terminal. */
const hidden = new Set(['level', 'time', 'service', 'msg', 'pid', 'hostname', 'stream', 'err', 'v']);
const maxFieldLength = 200;

/** For a person: time, level, service, message, fields, and the stack of an error below it. */
export function formatLogLine(line: LogLine, options: { colour: boolean }): string {
  const time = new Date(line.time);
  const clock = Number.isNaN(time.getTime()) ? line.time : time.toTimeString().slice(0, 8);
  const level = paint(line.level.toUpperCase().padEnd(5), colours[line.level], options.colour);
  const fields = Object.entries(line)
    .filter(([key]) => !hidden.has(key))
    .map(([key, value]) => `${key}=${shorten(typeof value === 'string' ? value : JSON.stringify(value))}`);
  const error = errorOf(line['err']);
  const head = [
    clock,
    level,
    (line.service ?? '').padEnd(11),
    line.msg,
    ...fields.map((field) => paint(field, '90', options.colour)),
  ];
  if (error !== undefined && !line.msg.includes(error.message)) head.push(paint(error.message, '90', options.colour));
  const stack = error !== undefined && isAtLeast(line.level, 'error') ? error.stack : '';
  return [head.join(' ').trimEnd(), ...(stack === '' ? [] : [paint(stack, '90', options.colour)])].join('\n');
}

const shorten = (text: string | undefined): string => {
  const plain = text ?? '';
  return plain.length > maxFieldLength ? `${plain.slice(0, maxFieldLength)}…` : plain;
};

function errorOf(value: unknown): { message: string; stack: string } | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { message, stack } = value as { message?: unknown; stack?: unknown };
  const frames =
    typeof stack === 'string'
      ? stack
          .split('\n')
          .filter((frame) => /^\s+at /.test(frame))
          .slice(0, 6)
      : [];
  return { message: typeof message === 'string' ? message : JSON.stringify(value), stack: frames.join('\n') };
}
