import { useQuery } from '@tanstack/react-query';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useRef, useState, type RefObject } from 'react';
import { jobArtifactsQuery } from '../api/queries';
import { useKeys } from '../shell/keys';
import { cssVariable } from '../ui/marks';
import { columnsIn, type Place } from './grid-of-jobs';
import { Tile } from './tile';

/** Pixels, as the style sheet has them. */
const leastWidth = 150;
const gap = 14;
const captionHeight = 46;

interface GridProps {
  readonly places: readonly Place[];
  readonly marked: readonly string[];
  readonly onMark: (id: string) => void;
}

/** Rows of tiles, of which only those in sight are there. */
export function Grid({ places, marked, onMark }: GridProps) {
  const place = useRef<HTMLDivElement>(null);
  const width = useWidth(place);
  const columns = columnsIn(width, leastWidth, gap);
  const side = (width - (columns - 1) * gap) / columns;
  const size = Math.round(side * 1.25 + captionHeight + gap);
  const rows = useWindowVirtualizer({
    count: Math.ceil(places.length / columns),
    estimateSize: () => size,
    overscan: 2,
    scrollMargin: place.current?.offsetTop ?? 0,
  });
  useEffect(() => rows.measure(), [rows, size]);
  const items = rows.getVirtualItems();
  useReadOn(items.at(-1)?.index ?? 0, Math.ceil(places.length / columns));
  useTileKeys();
  return (
    <div className="rows" ref={place} style={cssVariable('--height', `${rows.getTotalSize()}px`)}>
      {items.map(({ key, index, start }) => (
        <div
          className="row-place tiles"
          key={key}
          style={{
            ...cssVariable('--top', `${start - rows.options.scrollMargin}px`),
            ...cssVariable('--columns', String(columns)),
          }}
        >
          {places.slice(index * columns, (index + 1) * columns).map((one) => (
            <PlaceTile key={`${one.job.id} ${one.index}`} place={one} marked={marked} onMark={onMark} />
          ))}
        </div>
      ))}
    </div>
  );
}

function PlaceTile({ place: { job, index }, marked, onMark }: { place: Place } & Omit<GridProps, 'places'>) {
  const { data } = useQuery({ ...jobArtifactsQuery(job.id), staleTime: 60_000 });
  const best = data?.filter((one) => one.best) ?? [];
  const artifact = (best.length > 0 ? best : (data ?? []))[index];
  if (artifact === undefined)
    return (
      <div className={data === undefined ? 'tile tile-reading' : 'tile tile-gone'}>{data && 'Not there any more'}</div>
    );
  return (
    <Tile
      artifact={artifact}
      label={job.prompt}
      isMarked={marked.includes(artifact.id)}
      onMark={() => onMark(artifact.id)}
    />
  );
}

function useWidth(place: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    setWidth(element.clientWidth);
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, [place]);
  return width;
}

/** Presses the button that reads on once the end comes near. */
function useReadOn(lastRow: number, rows: number): void {
  useEffect(() => {
    if (lastRow >= rows - 3) document.querySelector<HTMLButtonElement>('[data-more]:enabled')?.click();
  }, [lastRow, rows]);
}

/** `j` and `k` go from tile to tile, `x` marks one for comparison. */
function useTileKeys(): void {
  const move = (by: number): void => {
    const links = [...document.querySelectorAll<HTMLAnchorElement>('.tile a')];
    const at = links.findIndex((link) => link === document.activeElement);
    links[Math.min(links.length - 1, Math.max(0, at + by))]?.focus();
  };
  const mark = (): void =>
    document.activeElement?.closest('.tile')?.querySelector<HTMLInputElement>('.tile-mark input')?.click();
  useKeys({ j: () => move(1), k: () => move(-1), x: mark });
}
