import { createContext, useContext, useSyncExternalStore, type ReactNode } from 'react';
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

/** The newest progress of a job; undefined until the feed told some. */
export function useProgress(jobId: string): ProgressView | undefined {
  const { progress } = useLive();
  return useSyncExternalStore(
    (listener) => progress.subscribe(jobId, listener),
    () => progress.get(jobId),
  );
}
