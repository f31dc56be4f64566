import { fork, type ChildProcess } from 'node:child_process';
import { toError, type ScoringAnswer } from '../scoring/scoring-messages';

export interface DecodingOptions {
  /** Compiled script of the processes; it calls `serveDecoding`. */
  readonly script: string;
  /** Processes, and so questions at a time. */
  readonly atOnce: number;
  /** Milliseconds after which a process without work is let go. */
  readonly idleMs?: number;
  /** Milliseconds for one question; above every limit that the decoders have of their own. */
  readonly timeoutMs?: number;
}

/**
 * The process that decoded a file ended, or had to be ended, before it answered; the file is what it was at, and
 * nothing else was.
 */
export class DecoderDied extends Error {
  override readonly name = 'DecoderDied';
}

/**
 * Decoders in processes of their own: native code that crashes on a hostile file, or is ended for the memory it takes,
 * ends there and not in the service. Each process does one thing at a time, so whoever dies is known to have died of
 * that. They are started when needed and let go when idle. A parent that is killed takes them along.
 */
export class DecodingProcesses<Question, Answer> {
  private readonly idle = new Map<ChildProcess, NodeJS.Timeout>();
  private readonly waiting: (() => void)[] = [];
  private readonly underWay = new Set<Promise<unknown>>();
  private busy = 0;
  private closed = false;

  constructor(private readonly options: DecodingOptions) {}

  /** Throws `DecoderDied`, and what the decoder throws, typed where it is a refusal. */
  async ask(question: Question): Promise<Answer> {
    const asking = this.inTurn(question);
    this.underWay.add(asking);
    try {
      return await asking;
    } finally {
      this.underWay.delete(asking);
    }
  }

  /** Waits for what was asked, then ends the processes. */
  async close(): Promise<void> {
    while (this.underWay.size > 0) await Promise.allSettled(this.underWay);
    this.closed = true;
    await Promise.all([...this.idle.keys()].map((child) => this.letGo(child)));
  }

  private async inTurn(question: Question): Promise<Answer> {
    while (this.busy >= this.options.atOnce) await new Promise<void>((resolve) => this.waiting.push(resolve));
    if (this.closed) throw new Error('the decoding processes are closed');
    this.busy += 1;
    try {
      return await this.exchange(this.takeChild(), question);
    } finally {
      this.busy -= 1;
      this.waiting.shift()?.();
    }
  }

  private async exchange(child: ChildProcess, question: Question): Promise<Answer> {
    const { timeoutMs = 600_000 } = this.options;
    const answer = await new Promise<ScoringAnswer>((resolve, reject) => {
      const died = (why: string): void => {
        forget();
        // Whatever it is at, it is not to go on.
        child.kill('SIGKILL');
        reject(new DecoderDied(why));
      };
      const answered = (message: unknown): void => {
        forget();
        resolve(message as ScoringAnswer);
      };
      const exited = (code: number | null, signal: string | null): void =>
        died(`the decoder's process ended (${signal ?? `code ${code}`})`);
      const failed = (error: Error): void => died(`the decoder's process cannot be used: ${error.message}`);
      const timer = setTimeout(() => died(`the decoder gave no answer within ${timeoutMs / 1000} s`), timeoutMs);
      const forget = (): void => {
        clearTimeout(timer);
        child.off('message', answered).off('exit', exited).off('error', failed);
      };
      child.on('message', answered).on('exit', exited).on('error', failed);
      child.send(question as object, (error) => error && failed(error));
    });
    this.rest(child);
    if (!answer.ok) throw toError(answer);
    return answer.value as Answer;
  }

  private takeChild(): ChildProcess {
    for (const [child, timer] of this.idle) {
      clearTimeout(timer);
      this.idle.delete(child);
      if (!child.connected) continue;
      child.ref();
      child.channel?.ref();
      return child;
    }
    const child = fork(this.options.script, {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    // Also one that waits for work may end.
    child.once('exit', () => {
      clearTimeout(this.idle.get(child));
      this.idle.delete(child);
    });
    // Heard by whoever asks; between two questions nobody does.
    child.on('error', () => undefined);
    return child;
  }

  private rest(child: ChildProcess): void {
    child.unref();
    child.channel?.unref();
    const timer = setTimeout(() => void this.letGo(child), this.options.idleMs ?? 60_000);
    timer.unref();
    this.idle.set(child, timer);
  }

  private async letGo(child: ChildProcess): Promise<void> {
    clearTimeout(this.idle.get(child));
    this.idle.delete(child);
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.ref();
    const exit = new Promise((resolve) => child.once('exit', resolve));
    if (child.connected) child.disconnect();
    await exit;
  }
}
