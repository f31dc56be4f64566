import { systemClock, type Clock, type Logger } from '@tower/kit';
import pino from 'pino';
import type { Terminal } from '../terminal';
import { formatLogLine, isAtLeast, toLogLine } from './log-line';
import type { Redaction } from './redaction';
import { Repeats } from './repeats';
import type { RotatingFile } from './rotating-file';

/**
 * Brings every process's lines together: all of them as JSON into one file, the important ones as text onto the
 * terminal.
 */
export class LogHub {
  private readonly clock: Clock;
  private readonly repeats: Repeats;

  constructor(
    private readonly parts: {
      file: RotatingFile;
      terminal: Terminal;
      terminalLevel: string;
      redaction: Redaction;
      clock?: Clock;
    },
  ) {
    this.clock = parts.clock ?? systemClock;
    this.repeats = new Repeats(this.clock);
  }

  take(service: string, stream: 'stdout' | 'stderr', text: string): void {
    if (text.trim() === '') return;
    const { file, terminal, terminalLevel, redaction } = this.parts;
    const line = redaction.fields(toLogLine(service, stream, text, this.clock.now()));
    try {
      file.writeLine(JSON.stringify(line));
    } catch (error) {
      // A full disk must not end the launcher, and with it everything else.
      terminal.print(`tower: the log cannot be written: ${(error as Error).message}`);
    }
    if (!isAtLeast(line.level, terminalLevel)) return;
    const missed = this.repeats.admit(`${line.service} ${line.level} ${line.msg}`);
    if (missed === undefined) return;
    terminal.print(
      formatLogLine(missed === 0 ? line : { ...line, msg: `${line.msg} (and ${missed} times more before)` }, {
        colour: terminal.hasColour,
      }),
    );
  }

  /** A logger of the launcher itself, with the same destination as everybody's. */
  logger(level: string): Logger {
    const options = {
      level,
      base: { service: 'launcher', pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
    };
    return pino(options, { write: (line: string) => this.take('launcher', 'stdout', line.trimEnd()) });
  }
}
