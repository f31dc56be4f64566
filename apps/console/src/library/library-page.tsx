import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState, type ReactNode } from 'react';
import type { JobState, JobType } from '@tower/contracts';
import type { LibrarySearch } from '../addresses';
import { cardsQuery, jobsQuery, projectsQuery, type JobFilter } from '../api/queries';
import { linesOf } from '../jobs/job-lists';
import { jobTypes } from '../jobs/job-states';
import { Empty, Loading } from '../ui/empty';
import { Failure } from '../ui/failure';
import { Choice } from '../ui/field';
import { counted } from '../ui/words';
import { Grid } from './grid';
import { placesOf } from './grid-of-jobs';

const kinds = Object.keys(jobTypes) as JobType[];
const shownStates: readonly (readonly [JobState, string])[] = [
  ['completed', 'Ready'],
  ['rejected', 'Rejected by quality'],
];
/** So many can be looked at side by side. */
const maxCompared = 4;
/** So many fill a page. */
const leastPlaces = 40;

function useFilter() {
  const search: LibrarySearch = useSearch({ from: '/library' });
  const navigate = useNavigate({ from: '/library' });
  const set = (name: keyof typeof search) => (value: string) =>
    void navigate({
      replace: true,
      search: ({ [name]: _, ...others }) => (value === '' ? others : { ...others, [name]: value }),
    });
  const filter: JobFilter = {
    state: shownStates.find(([state]) => state === search.state)?.[0] ?? 'completed',
    ...(search.project === undefined ? {} : { project_id: search.project }),
    ...(search.card === undefined ? {} : { gpu: search.card }),
    ...(kinds.some((kind) => kind === search.type) ? { type: search.type as JobType } : {}),
  };
  return { search, set, filter };
}

/** Everything that was made, newest first. */
export function LibraryPage(): ReactNode {
  const { search, set, filter } = useFilter();
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(jobsQuery(filter));
  const [marked, setMarked] = useState<readonly string[]>([]);
  const places = placesOf(linesOf(data), search.text ?? '');
  // Where a text leaves few of what was read, more has to be read to fill the page.
  const isSparse = hasNextPage && !isFetchingNextPage && places.length < leastPlaces;
  useEffect(() => {
    if (isSparse) void fetchNextPage();
  }, [isSparse, fetchNextPage]);
  const mark = (id: string): void =>
    setMarked(marked.includes(id) ? marked.filter((one) => one !== id) : [...marked, id].slice(-maxCompared));
  return (
    <>
      <header className="head">
        <h1>Library</h1>
        <Filters search={search} set={set} />
      </header>
      {error !== null && data === undefined && (
        <Failure error={error} what="The library could not be read." again={() => void refetch()} />
      )}
      {error === null && data === undefined && <Loading what="the library" />}
      {data !== undefined && places.length === 0 && !hasNextPage && (
        <Nothing isFiltered={Object.keys(search).length > 0} />
      )}
      {places.length > 0 && (
        <>
          <p className="fine" role="status">
            {counted(places.length, 'picture or film', 'pictures and films')}
            {hasNextPage ? ' so far; more come as you scroll' : ''}
          </p>
          <Grid places={places} marked={marked} onMark={mark} />
        </>
      )}
      <ReadOn hasMore={hasNextPage} isReading={isFetchingNextPage} onMore={() => void fetchNextPage()} />
      {marked.length > 1 && (
        <p className="tray">
          <Link className="button button-main" to="/compare" search={{ ids: marked.join(',') }}>
            Compare {marked.length}
          </Link>
          <button type="button" className="button" onClick={() => setMarked([])}>
            Let go
          </button>
        </p>
      )}
    </>
  );
}

function ReadOn({ hasMore, isReading, onMore }: { hasMore: boolean; isReading: boolean; onMore: () => void }) {
  if (!hasMore) return null;
  return (
    <button type="button" className="button" data-more disabled={isReading} onClick={onMore}>
      {isReading ? 'Reading …' : 'Read on'}
    </button>
  );
}

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered)
    return (
      <Empty title="Nothing is like that" action={<Link to="/library">Show everything</Link>}>
        No picture or film fits what was chosen above.
      </Empty>
    );
  return (
    <Empty
      title="The library is empty"
      action={
        <Link className="button button-main" to="/make">
          Make the first picture
        </Link>
      }
    >
      What Tower makes is kept here with its prompt, seed and graph, so that it can be made again.
    </Empty>
  );
}

interface FiltersProps {
  readonly search: ReturnType<typeof useFilter>['search'];
  readonly set: ReturnType<typeof useFilter>['set'];
}

function Filters({ search, set }: FiltersProps) {
  const { data: projects = [] } = useQuery(projectsQuery(true));
  const { data: cards = [] } = useQuery(cardsQuery);
  return (
    <div className="filters" role="search">
      <div className="field">
        <label htmlFor="library-text">Text</label>
        <input
          id="library-text"
          type="search"
          data-search
          value={search.text ?? ''}
          placeholder="in prompts, models, seeds"
          onChange={({ target }) => set('text')(target.value)}
        />
      </div>
      <Choice
        label="Project"
        value={search.project ?? ''}
        onChange={set('project')}
        options={[['', 'All'], ...projects.map(({ id, name }) => [id, name] as const)]}
      />
      <Choice
        label="Kind"
        value={search.type ?? ''}
        onChange={set('type')}
        options={[['', 'All'], ...kinds.map((kind) => [kind, jobTypes[kind]] as const)]}
      />
      <Choice
        label="Card"
        value={search.card ?? ''}
        onChange={set('card')}
        options={[['', 'All'], ...cards.map(({ name }) => [name, name] as const)]}
      />
      <Choice label="State" value={search.state ?? 'completed'} onChange={set('state')} options={shownStates} />
    </div>
  );
}
