import { useSyncExternalStore } from 'react';

/** One clock for all that counts seconds, so that everything on the page ticks together. */
const listeners = new Set<() => void>();
let nowMs = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    nowMs = Date.now();
    listeners.forEach((tell) => tell());
  }, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0 || timer === undefined) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** Milliseconds since 1970, anew each second. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => nowMs);
