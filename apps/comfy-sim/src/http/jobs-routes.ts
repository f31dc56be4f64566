import type { InterruptFlag } from '../execution/interruption';
import { Jobs, jobStatuses, type JobQuery } from '../jobs';
import { PyError } from '../python/errors';
import { toInt } from '../python/conversions';
import { str } from '../python/text';
import { dict, isDict, type PyValue } from '../python/values';
import type { PromptQueue } from '../queue/prompt-queue';
import { canonicalUuid } from './prompt-routes';
import { json, type Reply } from './reply';
import type { Route } from './router';

interface JobsDesk {
  readonly jobs: Jobs;
  readonly queue: PromptQueue;
  readonly interrupt: InterruptFlag;
}

/** Written with their prefix in the real source too, hence also reachable under /api/api. */
export function jobsRoutes(desk: JobsDesk): Route[] {
  return [
    { method: 'GET', path: '/api/jobs', run: (exchange) => listJobs(desk.jobs, exchange.query) },
    {
      method: 'POST',
      path: '/api/jobs/cancel',
      run: async (exchange) => cancelMany(desk, await exchange.json().catch(() => undefined)),
    },
    {
      method: 'GET',
      path: '/api/jobs/{id}',
      run: (exchange) => {
        const job = desk.jobs.find(exchange.param('id'));
        return job === undefined ? refuse('Job not found', 404) : json(job);
      },
    },
    {
      method: 'POST',
      path: '/api/jobs/{id}/cancel',
      run: (exchange) => json(dict({ cancelled: cancel(desk, exchange.param('id')) })),
    },
  ];
}

const refuse = (error: string, status = 400): Reply => json(dict({ error }), status);

function listJobs(jobs: Jobs, query: URLSearchParams): Reply {
  const parsed = parseQuery(query);
  if (typeof parsed === 'string') return refuse(parsed);
  const { jobs: listed, total } = jobs.list(parsed);
  const hasMore = parsed.limit !== undefined && parsed.offset + listed.length < total;
  return json(
    dict({
      jobs: listed,
      pagination: dict({ offset: parsed.offset, limit: parsed.limit ?? null, total, has_more: hasMore }),
    }),
  );
}

/** The complaint when it is no good. */
function parseQuery(query: URLSearchParams): JobQuery | string {
  const statuses = (query.get('status') ?? '')
    .split(',')
    .map((status) => status.trim().toLowerCase())
    .filter((status) => status !== '');
  const unknown = statuses.filter((status) => !(jobStatuses as readonly string[]).includes(status));
  if (unknown.length > 0)
    return `Invalid status value(s): ${unknown.join(', ')}. Valid values: ${jobStatuses.join(', ')}`;
  const sortBy = (query.get('sort_by') ?? 'created_at').toLowerCase();
  if (sortBy !== 'created_at' && sortBy !== 'execution_duration')
    return "sort_by must be 'created_at' or 'execution_duration'";
  const order = (query.get('sort_order') ?? 'desc').toLowerCase();
  if (order !== 'asc' && order !== 'desc') return "sort_order must be 'asc' or 'desc'";
  const limit = integer(query.get('limit'));
  if (limit === 'wrong') return 'limit must be an integer';
  if (limit !== undefined && limit <= 0) return 'limit must be a positive integer';
  const offset = integer(query.get('offset'));
  if (offset === 'wrong') return 'offset must be an integer';
  return {
    statuses: new Set(statuses.length === 0 ? jobStatuses : statuses),
    workflowId: query.get('workflow_id') ?? undefined,
    sortBy,
    descending: order === 'desc',
    limit,
    offset: Math.max(0, offset ?? 0),
  };
}

function integer(posted: string | null): number | undefined | 'wrong' {
  if (posted === null) return undefined;
  try {
    return Number(toInt(posted));
  } catch (error) {
    if (error instanceof PyError) return 'wrong';
    throw error;
  }
}

function cancelMany(desk: JobsDesk, posted: PyValue | undefined): Reply {
  if (posted === undefined) return refuse('Request body must be valid JSON');
  const ids = isDict(posted) ? posted.get('job_ids') : undefined;
  if (!Array.isArray(ids)) return refuse('job_ids must be a list');
  const wrong = ids.filter((id) => typeof id !== 'string' || !canonicalUuid.test(id));
  if (wrong.length > 0)
    return json(dict({ error: 'job_ids contains invalid id(s)', invalid_ids: wrong.map(str) }), 400);
  const dispatched = ids.map((id) => cancel(desk, String(id)));
  return json(dict({ cancelled: dispatched.includes(true) }));
}

/** True means dispatched: a running job may still complete. */
function cancel({ queue, interrupt }: JobsDesk, id: string): boolean {
  if (queue.delete(id)) return true;
  if (queue.running?.promptId !== id) return false;
  interrupt.raise();
  return true;
}
