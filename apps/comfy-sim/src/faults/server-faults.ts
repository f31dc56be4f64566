import type { Card } from '../card/card';
import { ProcessGone, type Clock } from '../clock';
import type { Folders } from '../files/folders';
import type { History } from '../history';
import type { Door } from '../http/door';
import type { PyDict } from '../python/values';
import type { PromptQueue } from '../queue/prompt-queue';
import type { EventLoop } from './event-loop';
import type { Faults } from './faults';
import type { KnowledgeFaults } from './knowledge-faults';
import type { ProcessState } from './process-state';
import type { ResultFaults } from './result-faults';
import type { SocketFaults } from './socket-faults';

interface ServerParts {
  readonly faults: Faults;
  readonly state: ProcessState;
  readonly card: Card;
  readonly clock: Clock;
  readonly loop: EventLoop;
  readonly door: Door;
  readonly queue: PromptQueue;
  readonly history: History;
  readonly folders: Folders;
  readonly sockets: SocketFaults;
  readonly knowledge: KnowledgeFaults;
  readonly results: ResultFaults;
  readonly log: (line: string) => void;
}

const defaultBlockMs = 1000;
/** The real server collects its garbage after a prompt, at most this often. */
const collectionEveryMs = 10_000;
const megabyte = 1024 * 1024;

/** Faults that are states of the server, that strike when they are armed, or around a prompt. */
export class ServerFaults {
  private collectedAtMs = -Infinity;

  constructor(private readonly parts: ServerParts) {}

  /** At the start, and whenever the armed faults change. */
  apply(): void {
    const { faults, card, clock, loop, queue, history, folders, sockets, knowledge, log } = this.parts;
    card.slowness = faults.isArmed('slow')?.factor ?? 1;
    clock.skewMs = faults.isArmed('clock-skew')?.ms ?? 0;
    knowledge.apply();
    sockets.apply();
    const blocked = faults.strike('block-loop');
    if (blocked !== undefined) loop.block(blocked.ms ?? defaultBlockMs).catch(unlessGone);
    if (queue.waiting.length > 0 && faults.strike('clear-queue') !== undefined) queue.clear();
    if (faults.strike('clear-history') !== undefined) history.clear();
    if (faults.strike('wipe-temp') !== undefined) folders.wipeTemp();
    if (faults.strike('second-instance') !== undefined) {
      folders.wipeTemp();
      log('Another process uses these folders: its start has wiped temp.');
    }
    this.refuse();
  }

  /** Chance decides at each prompt. */
  onPrompt(): void {
    for (const fault of this.parts.faults.draw()) this.parts.log(`fault drawn: ${fault.kind}`);
  }

  /** When the history of a prompt is written. */
  onFinished(promptId: string, outputs: PyDict): void {
    const { faults, state, clock, history, loop, results } = this.parts;
    state.promptsDone += 1;
    results.afterPrompt(outputs);
    const evicted = faults.strike('evict-history');
    if (evicted !== undefined) clock.wait(evicted.ms ?? 0).then(() => history.delete(promptId), unlessGone);
    const pause = faults.isArmed('gc-pause');
    const now = clock.monotonicMs();
    if (pause === undefined || now - this.collectedAtMs < collectionEveryMs) return;
    this.collectedAtMs = now;
    loop.block(pause.ms ?? defaultBlockMs / 4).catch(unlessGone);
  }

  leakedBytes(): number {
    return (this.parts.faults.isArmed('ram-leak')?.amount ?? 0) * megabyte * this.parts.state.promptsDone;
  }

  private refuse(): void {
    const { faults, clock, door } = this.parts;
    const refusal = faults.strike('refuse');
    if (refusal === undefined) return;
    const end = refusal.ms === undefined ? clock.forever() : clock.wait(refusal.ms);
    door.refuse(end).catch(unlessGone);
  }
}

export function unlessGone(error: unknown): void {
  if (!(error instanceof ProcessGone)) throw error;
}
