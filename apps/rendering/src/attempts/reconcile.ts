import type { HistoryEntry, QueueBody } from '@tower/comfyui';
import type { AttemptState } from '@tower/contracts';

/**
 * What one look at a server said about one prompt. `/queue` is read before `/history`: the other way round gives false
 * losses.
 */
export interface PromptLocation {
  reachable: boolean;
  /** Milliseconds since the server last answered; 0 when it just did. */
  unreachableMs: number;
  place: 'running' | 'pending' | 'history' | 'nowhere';
  /** Consecutive looks, this one included, that found the prompt nowhere. */
  misses: number;
}

export type Reaction = 'wait' | 'adopt' | 'keep' | 'finish' | 'lost';

const missesUntilLost = 2;

/**
 * What to do about a live attempt (reliability study, B.7). `dispatching` means that the POST may still be on its way
 * until its deadline; before that nothing is lost and nothing is sent again. Without an answer for `unreachableLimitMs`
 * the card's work is given to another.
 */
export function react(
  state: Extract<AttemptState, 'dispatching' | 'running'>,
  sighting: PromptLocation,
  postDeadlinePassed: boolean,
  unreachableLimitMs: number,
): Reaction {
  if (!sighting.reachable) return sighting.unreachableMs > unreachableLimitMs && postDeadlinePassed ? 'lost' : 'wait';
  switch (sighting.place) {
    case 'history':
      return 'finish';
    case 'running':
    case 'pending':
      return state === 'dispatching' ? 'adopt' : 'keep';
    case 'nowhere':
      if (state === 'dispatching' && !postDeadlinePassed) return 'wait';
      return sighting.misses >= missesUntilLost ? 'lost' : 'wait';
  }
}

/** How many prompts a server runs before this one: the running one, and those that wait with a lower number. */
export function promptsBefore(queue: QueueBody, promptId: string): number {
  const own = queue.queue_pending.find((item) => item[1] === promptId);
  if (own === undefined) return 0;
  return queue.queue_running.length + queue.queue_pending.filter((item) => item[0] < own[0]).length;
}

/**
 * Seconds between start and end as the server itself counts them; undefined when it does not say. Differences only: its
 * clock may be wrong.
 */
export function renderSeconds(entry: HistoryEntry): number | undefined {
  const at = (wanted: string): unknown => entry.status?.messages.find(([type]) => type === wanted)?.[1]['timestamp'];
  const start = at('execution_start');
  const end = at('execution_success');
  return typeof start === 'number' && typeof end === 'number' && end >= start ? (end - start) / 1000 : undefined;
}

/** Whether the server had computed everything but these output nodes before, and so measured nothing. */
export function wasCached(entry: HistoryEntry, nodes: readonly string[], outputs: readonly string[]): boolean {
  const cached = entry.status?.messages.find(([type]) => type === 'execution_cached')?.[1]['nodes'];
  return Array.isArray(cached) && nodes.every((node) => outputs.includes(node) || cached.includes(node));
}

export type Ending =
  { how: 'success' } | { how: 'error'; error: Record<string, unknown> } | { how: 'interrupted' } | { how: 'unknown' };

/**
 * How a finished prompt ended. Interrupted and failed share `status_str: error`; only the last message tells them
 * apart.
 */
export function endingOf(entry: HistoryEntry): Ending {
  const messages = entry.status?.messages ?? [];
  for (const [type, data] of [...messages].reverse()) {
    if (type === 'execution_error') return { how: 'error', error: data };
    if (type === 'execution_interrupted') return { how: 'interrupted' };
    if (type === 'execution_success') return { how: 'success' };
  }
  return { how: 'unknown' };
}
