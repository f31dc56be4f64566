import type {
  ArtifactView,
  CharacterView,
  GpuDetailView,
  JobEventView,
  JobExplanation,
  JobParamsView,
  JobQualityView,
  JobState,
  JobSummary,
  JobType,
  JobView,
  Page,
  ProjectView,
  StatusView,
  WorkflowSummary,
  WorkflowView,
} from '@tower/contracts';
import { infiniteQueryOptions, queryOptions, type InfiniteData } from '@tanstack/react-query';
import { api } from './client';
import { answerOf } from './problem';

/** Everything that the page reads, each under its key; `live/invalidation.ts` says which event touches which key. */

/** Lines of a list that are asked for at once. */
const pageSize = 100;

const everyPage = async <Item>(read: (cursor: string | undefined) => Promise<Page<Item>>): Promise<Item[]> => {
  const items: Item[] = [];
  let cursor: string | undefined;
  do {
    const page = await read(cursor);
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== undefined);
  return items;
};

const cursorOf = (cursor: string | undefined): { cursor?: string } => (cursor === undefined ? {} : { cursor });

export const statusQuery = queryOptions({
  queryKey: ['status'],
  queryFn: (): Promise<StatusView> => answerOf(api.GET('/api/anime/status')),
  refetchInterval: 10_000,
});

export const cardsQuery = queryOptions({
  queryKey: ['gpus'],
  queryFn: (): Promise<GpuDetailView[]> =>
    everyPage((cursor) => answerOf(api.GET('/api/anime/gpus', { params: { query: { ...cursorOf(cursor) } } }))),
  // Memory and the plan move without an event.
  refetchInterval: 4_000,
});

export interface JobFilter {
  readonly project_id?: string;
  readonly state?: JobState;
  readonly type?: JobType;
  readonly gpu?: string;
}

export type JobPages = InfiniteData<Page<JobSummary>>;

/** Jobs, newest first, page by page. */
export const jobsQuery = (filter: JobFilter) =>
  infiniteQueryOptions({
    queryKey: ['jobs', filter],
    queryFn: ({ pageParam }): Promise<Page<JobSummary>> =>
      answerOf(
        api.GET('/api/anime/jobs', { params: { query: { limit: pageSize, ...filter, ...cursorOf(pageParam) } } }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor,
  });

export const jobQuery = (id: string) =>
  queryOptions({
    queryKey: ['job', id],
    queryFn: (): Promise<JobView> => answerOf(api.GET('/api/anime/jobs/{id}', { params: { path: { id } } })),
  });

export const explanationQuery = (id: string) =>
  queryOptions({
    queryKey: ['job', id, 'explain'],
    queryFn: (): Promise<JobExplanation> =>
      answerOf(api.GET('/api/anime/jobs/{id}/explain', { params: { path: { id } } })),
    refetchInterval: 10_000,
  });

export const jobArtifactsQuery = (id: string) =>
  queryOptions({
    queryKey: ['job', id, 'artifacts'],
    queryFn: (): Promise<ArtifactView[]> =>
      everyPage((cursor) =>
        answerOf(
          api.GET('/api/anime/jobs/{id}/artifacts', { params: { path: { id }, query: { ...cursorOf(cursor) } } }),
        ),
      ),
  });

export const jobEventsQuery = (id: string) =>
  queryOptions({
    queryKey: ['job', id, 'events'],
    queryFn: async (): Promise<JobEventView[]> =>
      (await answerOf(api.GET('/api/anime/jobs/{id}/events', { params: { path: { id }, query: { limit: 1000 } } })))
        .items,
  });

export const jobParamsQuery = (id: string) =>
  queryOptions({
    queryKey: ['job', id, 'params'],
    queryFn: (): Promise<JobParamsView[]> =>
      everyPage((cursor) =>
        answerOf(api.GET('/api/anime/jobs/{id}/params', { params: { path: { id }, query: { ...cursorOf(cursor) } } })),
      ),
  });

export const jobQualityQuery = (id: string) =>
  queryOptions({
    queryKey: ['job', id, 'quality'],
    queryFn: (): Promise<JobQualityView> =>
      answerOf(api.GET('/api/anime/jobs/{id}/quality', { params: { path: { id }, query: {} } })),
  });

export const artifactQuery = (id: string) =>
  queryOptions({
    queryKey: ['artifact', id],
    queryFn: (): Promise<ArtifactView> => answerOf(api.GET('/api/anime/artifacts/{id}', { params: { path: { id } } })),
  });

export const projectsQuery = (archived = false) =>
  queryOptions({
    queryKey: ['projects', archived],
    queryFn: (): Promise<ProjectView[]> =>
      everyPage((cursor) =>
        answerOf(
          api.GET('/api/anime/projects', {
            params: { query: { limit: 200, include_archived: archived ? 'true' : 'false', ...cursorOf(cursor) } },
          }),
        ),
      ),
  });

export const charactersQuery = (archived = false) =>
  queryOptions({
    queryKey: ['characters', archived],
    queryFn: (): Promise<CharacterView[]> =>
      everyPage((cursor) =>
        answerOf(
          api.GET('/api/anime/characters', {
            params: { query: { limit: 200, include_archived: archived ? 'true' : 'false', ...cursorOf(cursor) } },
          }),
        ),
      ),
  });

export const workflowsQuery = queryOptions({
  queryKey: ['workflows'],
  queryFn: (): Promise<WorkflowSummary[]> =>
    everyPage((cursor) => answerOf(api.GET('/api/anime/workflows', { params: { query: { ...cursorOf(cursor) } } }))),
  staleTime: 15_000,
});

export const workflowQuery = (name: string) =>
  queryOptions({
    queryKey: ['workflow', name],
    queryFn: (): Promise<WorkflowView> =>
      answerOf(api.GET('/api/anime/workflows/{name}', { params: { path: { name } } })),
    staleTime: 15_000,
  });
