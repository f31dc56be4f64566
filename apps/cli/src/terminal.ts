import type { WriteStream } from 'node:tty';

/**
 * Standard error as a person sees it: lines that stay, and below them a few that are drawn anew. On anything but a
 * terminal only the lines that stay are written.
 */
export class Terminal {
  private wanted: readonly string[] = [];
  /** How many lines to go up. */
  private drawn = 0;
  readonly isInteractive: boolean;
  readonly hasColour: boolean;

  constructor(
    private readonly out: NodeJS.WriteStream = process.stderr,
    environment: NodeJS.ProcessEnv = process.env,
  ) {
    this.isInteractive = out.isTTY && environment['TERM'] !== 'dumb';
    this.hasColour = this.isInteractive && (environment['NO_COLOR'] ?? '') === '';
    // The terminal may be closed while we are still stopping.
    out.on('error', () => undefined);
  }

  get columns(): number {
    return known((this.out as Partial<WriteStream>).columns, 100);
  }

  get rows(): number {
    return known((this.out as Partial<WriteStream>).rows, 24);
  }

  print(line: string): void {
    if (!this.isInteractive) {
      this.out.write(`${line}\n`);
      return;
    }
    this.out.write(`${this.goUp()}${line}${clearRight}\n${this.paint(this.wanted)}`);
  }

  /** Replaces the lines below. */
  draw(lines: readonly string[]): void {
    if (!this.isInteractive || isSame(this.wanted, lines)) return;
    this.wanted = [...lines];
    this.out.write(this.goUp() + this.paint(lines));
  }

  private goUp(): string {
    return this.drawn === 0 ? '' : `\u001b[${this.drawn}A`;
  }

  /** Over what stands there, so that nothing flickers; the rest of the screen is cleared last. */
  private paint(lines: readonly string[]): string {
    // A line that wraps would break the count of lines to go up.
    const fitted = lines.map((line) => `${fit(line, this.columns - 1)}${clearRight}\n`);
    const before = this.drawn;
    this.drawn = fitted.length;
    return `${fitted.join('')}${before > 0 ? clearBelow : ''}`;
  }
}

/** A pseudo-terminal that nobody gave a size says 0. */
const known = (size: number | undefined, otherwise: number): number =>
  size === undefined || size === 0 ? otherwise : size;

const clearRight = '\u001b[K';
const clearBelow = '\u001b[J';

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((line, index) => line === b[index]);

/** Cuts visible characters; colour codes count nothing and are closed. */
export function fit(line: string, columns: number): string {
  let visible = 0;
  let result = '';
  for (const piece of line.split(/(\u001b\[[0-9;]*m)/)) {
    if (piece.startsWith('\u001b[')) result += piece;
    else
      for (const character of piece) {
        if (visible === columns) return `${result}${result.includes('\u001b[') ? '\u001b[0m' : ''}`;
        result += character;
        visible += 1;
      }
  }
  return result;
}
