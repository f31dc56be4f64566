import { useLink } from '../live/live-context';
import { useNow } from '../ui/now';
import { clockOf, durationOf } from '../ui/words';

/** Whether what the page shows is of this moment, and else how old it is. */
export function LinkPill() {
  const link = useLink();
  if (link.state === 'live')
    return (
      <span className="pill pill-good" role="status">
        Live
      </span>
    );
  if (link.state === 'connecting')
    return (
      <span className="pill" role="status">
        Connecting …
      </span>
    );
  return <Lost sinceMs={link.sinceMs} />;
}

function Lost({ sinceMs }: { sinceMs: number }) {
  const nowMs = useNow();
  return (
    <span className="pill pill-bad" role="status">
      Cut off
      <span aria-hidden="true"> for {durationOf((nowMs - sinceMs) / 1000)}</span>
    </span>
  );
}

/** Says over every view that what it shows is old, and from when. */
export function LostBanner() {
  const link = useLink();
  const nowMs = useNow();
  if (link.state !== 'lost' || nowMs - link.sinceMs < 1_500) return null;
  return (
    <p className="banner banner-bad" role="status">
      <strong>Tower does not answer.</strong> What you see is from {clockOf(link.sinceMs, nowMs)} and may have changed
      since. This page comes back by itself.
    </p>
  );
}
