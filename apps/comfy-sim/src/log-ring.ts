import { dict, type PyDict, type PyValue } from './python/values';

const maxEntries = 300;

function timeNow(): string {
  const ms = performance.timeOrigin + performance.now();
  const microseconds = Math.floor((ms % 1) * 1_000);
  return `${new Date(ms).toISOString().slice(0, -1)}${String(microseconds).padStart(3, '0')}`;
}

/** The server's console, as /internal/logs shows it and subscribers get it. */
export class LogRing {
  private readonly lines: { t: string; m: string }[] = [];
  private listener: ((entries: PyValue[]) => void) | undefined;

  add(message: string): void {
    // Local wall time with microseconds and no zone, as Python's isoformat() has it.
    const entry = { t: timeNow(), m: `${message}\n` };
    this.lines.push(entry);
    if (this.lines.length > maxEntries) this.lines.shift();
    this.listener?.([dict(entry)]);
  }

  onLine(listener: (entries: PyValue[]) => void): void {
    this.listener = listener;
  }

  text(): string {
    return this.lines.map(({ t, m }) => `${t} - ${m}`).join('');
  }

  entries(): PyDict[] {
    return this.lines.map((line) => dict(line));
  }
}
