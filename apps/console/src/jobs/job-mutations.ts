import type { JobSummary, JobView, Priority } from '@tower/contracts';
import { useMutation, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { api, newIdempotencyKey } from '../api/client';
import { answerOf } from '../api/problem';
import { jobQuery, type JobFilter, type JobPages } from '../api/queries';
import { summaryOf, withJob } from './job-lists';

/** Who steers, for those who read it later. */
export const who = 'the console';

/** Puts the answer where the page shows the job, before the event of it arrives. */
function keep(queries: QueryClient, job: JobView): void {
  queries.setQueryData(jobQuery(job.id).queryKey, job);
  const line = summaryOf(job);
  for (const [key, pages] of queries.getQueriesData<JobPages>({ queryKey: ['jobs'] }))
    if (pages !== undefined) queries.setQueryData(key, withJob(pages, line, (key[1] ?? {}) as JobFilter));
}

function useJobChange<Input>(change: (input: Input) => Promise<JobView>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: (job) => {
      keep(queries, job);
      void queries.invalidateQueries({ queryKey: ['gpus'] });
    },
  });
}

const path = (id: string) => ({ path: { id } });

export const useCancel = () =>
  useJobChange((id: string) =>
    answerOf(api.POST('/api/anime/jobs/{id}/cancel', { params: path(id), body: { reason: `by ${who}` } })),
  );

export const usePause = () =>
  useJobChange((id: string) => answerOf(api.POST('/api/anime/jobs/{id}/pause', { params: path(id), body: { who } })));

export const useResume = () =>
  useJobChange((id: string) => answerOf(api.POST('/api/anime/jobs/{id}/resume', { params: path(id), body: { who } })));

export const useRetry = () =>
  useJobChange((id: string) =>
    answerOf(
      api.POST('/api/anime/jobs/{id}/retry', {
        params: { ...path(id), header: { 'Idempotency-Key': newIdempotencyKey() } },
        body: {},
      }),
    ),
  );

interface Order {
  readonly id: string;
  readonly before: string;
}

/** By hand, and so against the planner: until one of the two is over. */
export function useOrder() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, before }: Order) =>
      answerOf(api.POST('/api/anime/queue/order', { body: { job_id: id, before } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['gpus'] }),
  });
}

/** Takes back what was ordered of a job by hand; the planner decides again. */
export function useWithdrawOrder() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => answerOf(api.DELETE('/api/anime/queue/order/{id}', { params: path(id) })),
    onSuccess: () => Promise.all(['gpus', 'job'].map((key) => queries.invalidateQueries({ queryKey: [key] }))),
  });
}

interface NewPriority {
  readonly id: string;
  readonly priority: Priority;
}

/** Shown at once, and taken back where Tower refuses it. */
export function usePriority() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, priority }: NewPriority): Promise<JobView> =>
      answerOf(api.PATCH('/api/anime/jobs/{id}', { params: path(id), body: { priority } })),
    onMutate: ({ id, priority }) => {
      const job = queries.getQueryData(jobQuery(id).queryKey);
      const lists = queries.getQueriesData<JobPages>({ queryKey: ['jobs'] });
      if (job !== undefined) queries.setQueryData(jobQuery(id).queryKey, { ...job, priority });
      for (const [key, pages] of lists)
        if (pages !== undefined) queries.setQueryData(key, changed(pages, id, { priority }));
      return { job, lists };
    },
    onError: (_error, { id }, before) => {
      if (before === undefined) return;
      if (before.job !== undefined) queries.setQueryData(jobQuery(id).queryKey, before.job);
      for (const [key, pages] of before.lists) queries.setQueryData(key, pages);
    },
    onSuccess: (job) => keep(queries, job),
  });
}

const changed = (pages: JobPages, id: string, change: Partial<JobSummary>): JobPages => ({
  ...pages,
  pages: pages.pages.map((page) => ({
    ...page,
    items: page.items.map((line) => (line.id === id ? { ...line, ...change } : line)),
  })),
});
