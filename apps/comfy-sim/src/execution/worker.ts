import { ProcessGone, type Clock } from '../clock';
import type { ExecutionLog } from '../execution-log';
import type { Faults } from '../faults/faults';
import type { History } from '../history';
import type { PromptQueue, QueueItem } from '../queue/prompt-queue';
import { dict, type PyDict } from '../python/values';
import type { Publisher } from '../socket/publisher';
import type { Executor } from './executor';

interface WorkerParts {
  readonly queue: PromptQueue;
  readonly history: History;
  readonly executor: Executor;
  readonly publisher: Publisher;
  readonly executionLog: ExecutionLog;
  readonly faults: Faults;
  readonly clock: Clock;
  /** Between execution_success and the history entry; the real worker takes 1 to 16 ms. */
  readonly historyDelayMs: number;
  readonly onStatus: () => void;
  /** Before a prompt runs, and when its history is written. */
  readonly onPrompt: () => void;
  readonly onFinished: (promptId: string, outputs: PyDict) => void;
  readonly unloadModels: () => void;
  readonly log: (line: string) => void;
}

/** The single thread that runs prompts. If it dies the server goes on answering, and nothing ever runs again. */
export class Worker {
  private unloadRequested = false;
  private freeRequested = false;
  private wake: (() => void) | undefined;
  private stopped = false;

  constructor(private readonly parts: WorkerParts) {}

  get isDead(): boolean {
    return this.stopped;
  }

  /** Acts when idle, or after the running prompt. */
  requestFree(flags: { unloadModels: boolean; freeMemory: boolean }): void {
    if (flags.unloadModels) this.unloadRequested = true;
    if (flags.freeMemory) this.freeRequested = true;
    this.wake?.();
  }

  async run(): Promise<void> {
    try {
      for (;;) {
        const item = this.parts.queue.take();
        if (item === undefined && !this.unloadRequested && !this.freeRequested) await this.waitForWork();
        if (item !== undefined) await this.runPrompt(item);
        this.actOnFlags();
      }
    } catch (error) {
      this.stopped = true;
      if (error instanceof ProcessGone) throw error;
      this.parts.log(`Exception in thread prompt_worker: ${String(error)}`);
    }
  }

  private async waitForWork(): Promise<void> {
    await this.parts.clock.until((resolve) => {
      this.wake = resolve;
      this.parts.queue.onPut(resolve);
      return () => {
        this.wake = undefined;
        this.parts.queue.onPut(undefined);
      };
    });
  }

  private async runPrompt(item: QueueItem): Promise<void> {
    const { executor, executionLog, history, queue, publisher } = this.parts;
    const client = item.extraData.get('client_id');
    const about = { prompt_id: item.promptId, client_id: typeof client === 'string' ? client : null };
    this.parts.onPrompt();
    const started = executionLog.start(about);
    const run = await executor.execute(item.promptId, item.prompt, item.extraData, item.outputs);
    executionLog.end({
      ...about,
      ...started,
      outcome: run.outcome,
      nodes_executed: run.nodesExecuted,
      cached: run.cached,
    });
    await this.parts.clock.wait(this.parts.faults.strike('history-delay')?.ms ?? this.parts.historyDelayMs);
    const shown = queue.finish();
    if (shown !== undefined) history.add(shown, { ...run, success: run.outcome === 'success' });
    this.parts.onFinished(item.promptId, run.outputs);
    this.parts.onStatus();
    if (executor.clientId !== null)
      publisher.publish('executing', dict({ node: null, prompt_id: item.promptId }), executor.clientId);
    const seconds = (this.parts.clock.monotonicMs() - started.started_mono_ms) / 1000;
    this.parts.log(`Prompt executed in ${seconds.toFixed(2)} seconds`);
  }

  private actOnFlags(): void {
    if (this.unloadRequested || this.freeRequested) this.parts.unloadModels();
    if (this.freeRequested) this.parts.executor.parts.cache.reset();
    this.unloadRequested = false;
    this.freeRequested = false;
  }
}
