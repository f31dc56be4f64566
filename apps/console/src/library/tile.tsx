import { Link } from '@tanstack/react-router';
import type { ArtifactView } from '@tower/contracts';
import { Mark } from '../ui/marks';
import { durationOf } from '../ui/words';

interface TileProps {
  readonly artifact: ArtifactView;
  readonly label: string;
  readonly isMarked?: boolean;
  readonly onMark?: (() => void) | undefined;
}

/** One file as a picture that leads to all about it; a film shows its middle frame. */
export function Tile({ artifact, label, isMarked = false, onMark }: TileProps) {
  const { id, thumbnail_url, duration_seconds, width, height, gpu, verdict } = artifact;
  return (
    <figure className={isMarked ? 'tile tile-marked' : 'tile'}>
      <Link to="/library/$id" params={{ id }} aria-label={`${label === '' ? 'Picture' : label}, ${width} by ${height}`}>
        <img src={thumbnail_url} alt="" loading="lazy" decoding="async" width={width} height={height} />
      </Link>
      <figcaption className="fine">
        <span dir="auto">{label}</span>
        <span>
          {duration_seconds !== null && `${durationOf(duration_seconds)} film, `}
          {gpu} {verdict === 'failed' && <Mark tone="bad">failed its check</Mark>}
        </span>
      </figcaption>
      {onMark !== undefined && (
        <label className="tile-mark">
          <input type="checkbox" checked={isMarked} onChange={onMark} />
          <span className="hidden">Mark for comparison</span>
        </label>
      )}
    </figure>
  );
}
