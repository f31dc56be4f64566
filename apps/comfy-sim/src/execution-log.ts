import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from './clock';

export type Outcome = 'success' | 'error' | 'interrupted';

interface LogMoment {
  readonly card: string;
  /** ISO time with milliseconds, and the machine's monotonic clock in ms. */
  readonly at: string;
  readonly mono_ms: number;
}

interface AboutPrompt {
  readonly prompt_id: string;
  readonly client_id: string | null;
}

export type ExecutionLogEntry =
  | (LogMoment & { readonly event: 'boot'; readonly pid: number; readonly generation: string; readonly port: number })
  | (LogMoment & AboutPrompt & { readonly event: 'accepted'; readonly number: number })
  | (LogMoment & { readonly event: 'removed'; readonly prompt_id: string })
  | (LogMoment & AboutPrompt & { readonly event: 'start'; readonly started_at: string; readonly duplicates?: number })
  | (LogMoment &
      AboutPrompt & {
        readonly event: 'end';
        readonly started_at: string;
        readonly ended_at: string;
        readonly started_mono_ms: number;
        readonly outcome: Outcome;
        readonly nodes_executed: number;
        readonly cached: number;
        readonly duplicates?: number;
      });

type Fields<E extends ExecutionLogEntry['event']> = Omit<
  Extract<ExecutionLogEntry, { event: E }>,
  keyof LogMoment | 'event' | 'duplicates'
>;

/**
 * What this card really did, one JSON line per event, written synchronously: after kill -9 a `start` without `end` is
 * the prompt that died with the process. `duplicates` counts earlier starts of the same prompt id, in this file or this
 * run.
 */
export class ExecutionLog {
  readonly entries: ExecutionLogEntry[] = [];
  private readonly starts = new Map<string, number>();
  private readonly descriptor: number | undefined;

  constructor(
    private readonly card: string,
    private readonly clock: Clock,
    file: string | undefined,
  ) {
    if (file === undefined) return;
    mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
    if (existsSync(file)) this.recall(readFileSync(file, 'utf8'));
    this.descriptor = openSync(file, 'a');
  }

  boot(fields: Fields<'boot'>): void {
    this.write({ event: 'boot', ...this.moment(), ...fields });
  }

  accepted(fields: Fields<'accepted'>): void {
    this.write({ event: 'accepted', ...this.moment(), ...fields });
  }

  /** It was taken out of the queue before it began. */
  removed(fields: Fields<'removed'>): void {
    this.write({ event: 'removed', ...this.moment(), ...fields });
  }

  /** Returns what `end` needs to know of the start. */
  start(fields: AboutPrompt): { started_at: string; started_mono_ms: number } {
    const moment = this.moment();
    const before = this.starts.get(fields.prompt_id) ?? 0;
    this.starts.set(fields.prompt_id, before + 1);
    this.write({
      event: 'start',
      ...moment,
      ...fields,
      started_at: moment.at,
      ...(before > 0 ? { duplicates: before } : {}),
    });
    return { started_at: moment.at, started_mono_ms: moment.mono_ms };
  }

  end(fields: Omit<Fields<'end'>, 'ended_at'>): void {
    const moment = this.moment();
    const before = (this.starts.get(fields.prompt_id) ?? 1) - 1;
    this.write({
      event: 'end',
      ...moment,
      ...fields,
      ended_at: moment.at,
      ...(before > 0 ? { duplicates: before } : {}),
    });
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
  }

  private moment(): LogMoment {
    return { card: this.card, at: this.clock.now().toISOString(), mono_ms: this.clock.monotonicMs() };
  }

  private write(entry: ExecutionLogEntry): void {
    this.entries.push(entry);
    if (this.descriptor !== undefined) writeSync(this.descriptor, `${JSON.stringify(entry)}\n`);
  }

  private recall(text: string): void {
    for (const match of text.matchAll(/"event":"start".*?"prompt_id":"([^"]*)"/g)) {
      const id = match[1] ?? '';
      this.starts.set(id, (this.starts.get(id) ?? 0) + 1);
    }
  }
}
