import { typeError } from '../python/errors';
import { deepCopy, isEqual, isLess, type PyDict, type PyFloat, type PyValue } from '../python/values';
import { heapify, heappop, heappush } from './heapq';

export interface QueueItem {
  readonly number: number | PyFloat;
  readonly promptId: string;
  readonly prompt: PyDict;
  readonly extraData: PyDict;
  readonly outputs: readonly string[];
}

/** The tuple which /queue and /history show. */
export const toQueueView = (item: QueueItem): PyValue[] => [
  item.number,
  item.promptId,
  item.prompt,
  item.extraData,
  [...item.outputs],
];

/** Python compares the tuples: number, then id, and then it meets two dicts, which have no order. */
function isBefore(a: QueueItem, b: QueueItem): boolean {
  if (!isEqual(a.number, b.number)) return isLess(a.number, b.number);
  if (a.promptId !== b.promptId) return a.promptId < b.promptId;
  if (!isEqual(a.prompt, b.prompt) || !isEqual(a.extraData, b.extraData)) {
    throw typeError("'<' not supported between instances of 'dict' and 'dict'");
  }
  return a.outputs.join('\n') < b.outputs.join('\n');
}

/**
 * Pending prompts in Python's heap order and the one that runs. Calls `onChange` at every move, as the server
 * broadcasts `status`, and `onRemoved` for each that is taken out before it began.
 */
export class PromptQueue {
  private pending: QueueItem[] = [];
  private current: { item: QueueItem; shown: QueueItem } | undefined;
  private wake: (() => void) | undefined;

  constructor(
    private readonly onChange: () => void,
    private readonly onRemoved: (item: QueueItem) => void = () => undefined,
  ) {}

  /** Throws on a tie of number and id with another body; the item is queued all the same. */
  put(item: QueueItem): void {
    heappush(this.pending, item, isBefore);
    this.onChange();
    this.wake?.();
  }

  /** Throws on such a tie too: the item is lost then, and with it the worker. */
  take(): QueueItem | undefined {
    if (this.pending.length === 0) return undefined;
    const item = heappop(this.pending, isBefore);
    // What /queue and the history show is a copy made before the run changes the prompt.
    this.current = {
      item,
      shown: { ...item, prompt: deepCopy(item.prompt) as PyDict, extraData: deepCopy(item.extraData) as PyDict },
    };
    this.onChange();
    return item;
  }

  finish(): QueueItem | undefined {
    const shown = this.current?.shown;
    this.current = undefined;
    return shown;
  }

  onPut(wake: (() => void) | undefined): void {
    this.wake = wake;
  }

  get running(): QueueItem | undefined {
    return this.current?.shown;
  }

  get waiting(): readonly QueueItem[] {
    return this.pending;
  }

  get remaining(): number {
    return this.pending.length + (this.current === undefined ? 0 : 1);
  }

  clear(): void {
    for (const item of this.pending) this.onRemoved(item);
    this.pending = [];
    this.onChange();
  }

  /**
   * Removes the first match only. Removing the last one is a clear and a removal, which clients see as two messages.
   */
  delete(promptId: PyValue): boolean {
    const index = this.pending.findIndex((item) => item.promptId === promptId);
    if (index < 0) return false;
    if (this.pending.length === 1) this.clear();
    else {
      for (const item of this.pending.splice(index, 1)) this.onRemoved(item);
      heapify(this.pending, isBefore);
    }
    this.onChange();
    return true;
  }
}
