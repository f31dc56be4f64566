import { dict, type PyDict, type PyValue } from './python/values';
import { toQueueView, type QueueItem } from './queue/prompt-queue';

interface HistoryResult {
  readonly outputs: PyDict;
  readonly meta: PyDict;
  readonly success: boolean;
  readonly messages: readonly (readonly [event: string, data: PyDict])[];
}

/** Evicted before the insert, and only when longer than this: so one more than this stays. */
const maxEntries = 10_000;
/** Credentials of paid API nodes, never kept. */
export const sensitiveKeys = ['auth_token_comfy_org', 'api_key_comfy_org'];

export class History {
  private readonly entries = new Map<string, PyDict>();

  constructor(private readonly capacity = maxEntries) {}

  add(item: QueueItem, result: HistoryResult): void {
    if (this.entries.size > this.capacity) {
      const oldest = this.entries.keys().next();
      if (oldest.done !== true) this.entries.delete(oldest.value);
    }
    for (const key of sensitiveKeys) item.extraData.delete(key);
    this.entries.set(
      item.promptId,
      dict({
        prompt: toQueueView(item),
        outputs: result.outputs,
        status: dict({
          status_str: result.success ? 'success' : 'error',
          completed: result.success,
          messages: result.messages.map(([event, data]): PyValue[] => [event, data]),
        }),
        meta: result.meta,
      }),
    );
  }

  has(id: string): boolean {
    return this.entries.has(id);
  }

  find(id: string): PyDict {
    const entry = this.entries.get(id);
    return entry === undefined ? new Map() : new Map([[id, entry]]);
  }

  /** Oldest first. Without an offset `maxItems` counts from the end; zero and negative counts give nothing. */
  list(maxItems: number | undefined, offset: number): PyDict {
    const from = offset < 0 && maxItems !== undefined ? this.entries.size - maxItems : offset;
    const out: PyDict = new Map();
    let index = 0;
    for (const [id, entry] of this.entries) {
      if (index >= from) {
        out.set(id, entry);
        if (maxItems !== undefined && out.size >= maxItems) break;
      }
      index += 1;
    }
    return out;
  }

  delete(id: PyValue): void {
    if (typeof id === 'string') this.entries.delete(id);
  }

  clear(): void {
    this.entries.clear();
  }

  values(): Iterable<PyDict> {
    return this.entries.values();
  }
}
