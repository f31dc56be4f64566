import { createContext, useCallback, useContext, useSyncExternalStore, type ReactNode } from 'react';
import type { ProgressView } from '@tower/contracts';
import type { Link } from './feed';
import type { LiveData } from './live-data';

const LiveContext = createContext<LiveData | undefined>(undefined);

export function LiveProvider({ live, children }: { live: LiveData; children: ReactNode }) {
  return <LiveContext value={live}>{children}</LiveContext>;
}

function useLive(): LiveData {
  const live = useContext(LiveContext);
  if (live === undefined) throw new Error('this view stands outside of the console');
  return live;
}

/** How the page stands with the live feed. */
export function useLink(): Link {
  const { link } = useLive();
  return useSyncExternalStore(link.subscribe, link.get);
}

/** Address of the newest preview of a job on a card, while it is looked at; undefined until one has come. */
export function usePreview(jobId: string, gpu: string): string | undefined {
  const { previews } = useLive();
  // The same function for the same job, or every look would be the end of the one before.
  const subscribe = useCallback(
    (listener: () => void) => previews.subscribe(jobId, gpu, listener),
    [previews, jobId, gpu],
  );
  return useSyncExternalStore(subscribe, () => previews.get(jobId, gpu));
}

/** The newest progress of a job; undefined until the feed told some. */
export function useProgress(jobId: string): ProgressView | undefined {
  const { progress } = useLive();
  const subscribe = useCallback((listener: () => void) => progress.subscribe(jobId, listener), [progress, jobId]);
  return useSyncExternalStore(subscribe, () => progress.get(jobId));
}
