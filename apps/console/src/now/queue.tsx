import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { GpuDetailView, JobState, JobSummary } from '@tower/contracts';
import { cardsQuery, jobQuery, jobsQuery } from '../api/queries';
import { linesOf } from '../jobs/job-lists';
import { useCancel, usePause, useResume } from '../jobs/job-mutations';
import { useKeys } from '../shell/keys';
import { Empty, Loading } from '../ui/empty';
import { Failure } from '../ui/failure';
import { cssVariable } from '../ui/marks';
import { QueueRow } from './queue-row';
import { aboveInLine, inOrder, startsIn } from './queue-order';

/** Pixels; the style sheet gives rows this height, and on a narrow page twice. */
const rowHeight = 68;
const narrowRowHeight = 118;

const openStates = ['processing', 'quality_check', 'pending', 'queued'] as const satisfies readonly JobState[];

const noCards: readonly GpuDetailView[] = [];

/** All jobs that have not ended, as far as they were read, and how to read on. */
function useOpenJobs() {
  const processing = useInfiniteQuery(jobsQuery({ state: openStates[0] }));
  const checked = useInfiniteQuery(jobsQuery({ state: openStates[1] }));
  const pending = useInfiniteQuery(jobsQuery({ state: openStates[2] }));
  const queued = useInfiniteQuery(jobsQuery({ state: openStates[3] }));
  const { data: cards = noCards } = useQuery(cardsQuery);
  const all = [processing, checked, pending, queued];
  const lines = all.map(({ data }) => data);
  const jobs = useMemo(
    () => inOrder(lines.flatMap(linesOf), startsIn(cards)),
    // What is in them counts, and not that they stand in a new array.
    [...lines, cards],
  );
  return {
    jobs,
    error: all.find(({ error, data }) => error !== null && data === undefined)?.error ?? null,
    isReading: all.some(({ data }) => data === undefined),
    hasMore: queued.hasNextPage,
    readMore: () => void (queued.isFetchingNextPage || queued.fetchNextPage()),
    again: () => all.forEach(({ refetch }) => void refetch()),
  };
}

const narrow = matchMedia('(max-width: 720px)');

function useIsNarrow(): boolean {
  const [isNarrow, setNarrow] = useState(narrow.matches);
  useEffect(() => {
    const onChange = (): void => setNarrow(narrow.matches);
    narrow.addEventListener('change', onChange);
    return () => narrow.removeEventListener('change', onChange);
  }, []);
  return isNarrow;
}

/** The line: everything that has not ended. */
export function Queue() {
  const { jobs, error, isReading, hasMore, readMore, again } = useOpenJobs();
  if (error !== null) return <Failure error={error} what="The queue could not be read." again={again} />;
  if (isReading && jobs.length === 0) return <Loading what="the queue" />;
  return (
    <section aria-labelledby="queue">
      <h2 id="queue">Queue</h2>
      {jobs.length === 0 ? (
        <Empty
          title="Nothing waits"
          action={
            <Link className="button button-main" to="/make">
              Make something
            </Link>
          }
        >
          What you ask for stands here with its stage, its card and the time when it will be ready.
        </Empty>
      ) : (
        <Rows jobs={jobs} hasMore={hasMore} readMore={readMore} />
      )}
    </section>
  );
}

interface RowsProps {
  readonly jobs: readonly JobSummary[];
  readonly hasMore: boolean;
  readonly readMore: () => void;
}

/** Only the rows that are in sight are there, however long the line is. */
function Rows({ jobs, hasMore, readMore }: RowsProps) {
  const list = useRef<HTMLDivElement>(null);
  const isNarrow = useIsNarrow();
  const size = isNarrow ? narrowRowHeight : rowHeight;
  const rows = useWindowVirtualizer({
    count: jobs.length,
    estimateSize: () => size,
    overscan: 3,
    scrollMargin: list.current?.offsetTop ?? 0,
    getItemKey: (index) => jobs[index]?.id ?? index,
  });
  useEffect(() => rows.measure(), [rows, size]);
  const items = rows.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= jobs.length - 10) readMore();
  }, [hasMore, last, jobs.length, readMore]);
  const marked = useMarked(jobs, (index) => rows.scrollToIndex(index, { align: 'auto' }));
  return (
    <div className="rows" ref={list} role="list" style={cssVariable('--height', `${rows.getTotalSize()}px`)}>
      {items.map(({ key, index, start }) => {
        const job = jobs[index];
        if (job === undefined) return null;
        const top = cssVariable('--top', `${start - rows.options.scrollMargin}px`);
        return (
          <div
            className="row-place"
            role="listitem"
            key={key}
            style={top}
            aria-setsize={jobs.length}
            aria-posinset={index + 1}
          >
            <QueueRow job={job} isMarked={marked === job.id} above={aboveInLine(jobs, index)?.id} />
          </div>
        );
      })}
    </div>
  );
}

/** The row that keys speak of; it moves with `j` and `k`. */
function useMarked(jobs: readonly JobSummary[], onMove: (index: number) => void): string | undefined {
  const [marked, setMarked] = useState<string>();
  const navigate = useNavigate();
  const [cancel, pause, resume] = [useCancel(), usePause(), useResume()];
  const { data } = useQuery({ ...jobQuery(marked ?? ''), enabled: marked !== undefined });
  const at = jobs.findIndex(({ id }) => id === marked);
  const move = (by: number): void => {
    const to = Math.min(jobs.length - 1, Math.max(0, at + by));
    setMarked(jobs[to]?.id);
    onMove(to);
  };
  const ifMarked = (act: (id: string) => void) => () => {
    if (marked !== undefined && at >= 0) act(marked);
  };
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    ...(at < 0
      ? {}
      : {
          Enter: ifMarked((id) => void navigate({ to: '/jobs/$id', params: { id } })),
          c: ifMarked((id) => cancel.mutate(id)),
          p: ifMarked((id) => (data?.paused === null ? pause : resume).mutate(id)),
        }),
  });
  return marked;
}
