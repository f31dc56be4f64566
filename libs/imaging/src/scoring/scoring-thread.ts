import { once } from 'node:events';
import { join } from 'node:path';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import '../models/no-telemetry';
import { BoundedQueue } from './bounded-queue';
import { toError, type ScoringAnswer, type ScoringQuestion, type ScoringSetup } from './scoring-messages';
import type { ScoringArguments, ScoringResult, ScoringTaskName } from './tasks';

export interface ScoringThreadOptions extends ScoringSetup {
  /** Questions that may wait; each holds its pictures. */
  readonly maxWaiting?: number;
  /** Specs run the sources instead of what was compiled. */
  readonly script?: string;
  readonly execArgv?: readonly string[];
}

/**
 * The one thread of a process that decodes, resamples and runs networks, so that the event loop is never stopped by a
 * score. One question at a time, in order, behind a bounded queue; models are opened at first use and kept. A thread
 * that dies fails the question it was at and is replaced for the next.
 */
export class ScoringThread {
  private readonly queue: BoundedQueue;
  private worker: Worker | undefined;
  private closed = false;

  constructor(private readonly options: ScoringThreadOptions) {
    this.queue = new BoundedQueue(options.maxWaiting ?? 32);
  }

  /** @throws QueueFull; the signal's reason; what the task throws, typed */
  async ask<N extends ScoringTaskName>(
    name: N,
    args: ScoringArguments<N>,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<ScoringResult<N>> {
    return (await this.queue.run(() => this.exchange({ name, args }), signal)) as ScoringResult<N>;
  }

  /** Waits for what was asked, then lets the models go. */
  async close(): Promise<void> {
    await this.queue.drain();
    this.closed = true;
    const { worker } = this;
    if (worker === undefined) return;
    const exit = once(worker, 'exit');
    worker.postMessage('close');
    await exit;
  }

  private async exchange(question: ScoringQuestion): Promise<unknown> {
    if (this.closed) throw new Error('the scoring thread is closed');
    const worker = (this.worker ??= this.start());
    const answer = await new Promise<ScoringAnswer>((resolve, reject) => {
      const forget = (): void => {
        worker.off('message', answered).off('error', failed).off('exit', exited);
      };
      const answered = (message: ScoringAnswer): void => {
        forget();
        resolve(message);
      };
      const failed = (error: unknown): void => {
        forget();
        this.worker = undefined;
        reject(error instanceof Error ? error : new Error(String(error)));
      };
      const exited = (): void => failed(new Error(`the scoring thread ended while it did ${question.name}`));
      worker.on('message', answered).on('error', failed).on('exit', exited);
      worker.postMessage(question);
    });
    if (!answer.ok) throw toError(answer);
    return answer.value;
  }

  private start(): Worker {
    const { entries, folder, options, script = join(__dirname, 'scoring-worker.js'), execArgv } = this.options;
    const workerData: ScoringSetup = { entries, folder, options };
    const workerOptions: WorkerOptions =
      execArgv === undefined ? { workerData } : { workerData, execArgv: [...execArgv] };
    const worker = new Worker(script, workerOptions);
    // An idle thread may die, too; the next question gets a new one.
    worker
      .on('error', () => undefined)
      .on('exit', () => {
        if (this.worker === worker) this.worker = undefined;
      });
    return worker;
  }
}
