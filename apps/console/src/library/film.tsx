import { useRef, useState } from 'react';
import type { ArtifactView } from '@tower/contracts';
import { Button } from '../ui/button';

/** A film that runs in a loop, and that can be gone through frame by frame. */
export function Film({ artifact }: { artifact: ArtifactView }) {
  const video = useRef<HTMLVideoElement>(null);
  const [atSeconds, setAtSeconds] = useState(0);
  const { fps, frames, duration_seconds } = artifact;
  const length = duration_seconds ?? 0;
  const frame = fps === null ? 0 : Math.min((frames ?? 1) - 1, Math.floor(atSeconds * fps + 1e-6));
  const seek = (seconds: number): void => {
    if (video.current === null) return;
    video.current.pause();
    video.current.currentTime = Math.min(length, Math.max(0, seconds));
  };
  return (
    <div className="film">
      <video
        ref={video}
        src={artifact.content_url}
        poster={artifact.thumbnail_url}
        controls
        loop
        muted={artifact.sound !== true}
        playsInline
        onTimeUpdate={({ currentTarget }) => setAtSeconds(currentTarget.currentTime)}
      />
      {fps !== null && (
        <div className="scrub">
          <Button kind="quiet" onClick={() => seek((frame - 1 + 0.5) / fps)}>
            One frame back
          </Button>
          <input
            type="range"
            min={0}
            max={(frames ?? 1) - 1}
            step={1}
            value={frame}
            aria-label="Frame"
            onChange={({ target }) => seek((Number(target.value) + 0.5) / fps)}
          />
          <Button kind="quiet" onClick={() => seek((frame + 1 + 0.5) / fps)}>
            One frame on
          </Button>
          <span className="fine">
            Frame {frame + 1} of {frames}
          </span>
        </div>
      )}
    </div>
  );
}
