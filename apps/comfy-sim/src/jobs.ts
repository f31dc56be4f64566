import type { History } from './history';
import { PyError } from './python/errors';
import { dict, isDict, isNumeric, toNumber, type PyDict, type PyValue } from './python/values';
import type { PromptQueue, QueueItem } from './queue/prompt-queue';

export const jobStatuses = ['pending', 'in_progress', 'completed', 'failed', 'cancelled'] as const;
type JobStatus = (typeof jobStatuses)[number];

export interface JobQuery {
  readonly statuses: ReadonlySet<string>;
  readonly workflowId: string | undefined;
  readonly sortBy: 'created_at' | 'execution_duration';
  readonly descending: boolean;
  readonly limit: number | undefined;
  readonly offset: number;
}

/** Jobs are no store of their own: one view over queue and history, computed at every call. */
export class Jobs {
  constructor(
    private readonly queue: PromptQueue,
    private readonly history: History,
  ) {}

  /** History first, so a finished job hides a waiting one of the same id. */
  find(id: string): PyDict | undefined {
    const finished = this.history.find(id).get(id) ?? null;
    if (isDict(finished)) return toFinishedView(id, finished, true);
    if (this.queue.running?.promptId === id) return toWaitingView(this.queue.running, 'in_progress');
    const waiting = this.queue.waiting.find((item) => item.promptId === id);
    return waiting === undefined ? undefined : toWaitingView(waiting, 'pending');
  }

  list(query: JobQuery): { jobs: PyDict[]; total: number } {
    const running = this.queue.running === undefined ? [] : [toWaitingView(this.queue.running, 'in_progress')];
    const waiting = this.queue.waiting.map((item) => toWaitingView(item, 'pending'));
    const finished = [...this.history.list(undefined, -1)].map(([id, entry]) =>
      toFinishedView(id, entry as PyDict, false),
    );
    const jobs = [...running, ...waiting, ...finished]
      .filter((job) => query.statuses.has(String(job.get('status'))))
      .filter((job) => query.workflowId === undefined || job.get('workflow_id') === query.workflowId);
    const key = query.sortBy === 'created_at' ? createdAt : duration;
    // Python's reverse sort keeps the order of equals.
    const sorted = jobs.sort((a, b) => (query.descending ? key(b) - key(a) : key(a) - key(b)));
    const rest = sorted.slice(query.offset);
    return { jobs: query.limit === undefined ? rest : rest.slice(0, query.limit), total: sorted.length };
  }
}

const numberOf = (value: PyValue | undefined): number =>
  value !== undefined && isNumeric(value) ? toNumber(value) : 0;
const createdAt = (job: PyDict): number => numberOf(job.get('create_time'));
const duration = (job: PyDict): number =>
  numberOf(job.get('execution_end_time')) - numberOf(job.get('execution_start_time'));

/** Null where an object is expected breaks the listing for everybody, as on the real server. */
function workflowIdOf(extraData: PyDict): PyValue | undefined {
  const info = extraData.get('extra_pnginfo') ?? (extraData.has('extra_pnginfo') ? null : dict({}));
  if (!isDict(info)) throw new PyError('AttributeError', "'NoneType' object has no attribute 'get'");
  const workflow = info.get('workflow') ?? (info.has('workflow') ? null : dict({}));
  if (!isDict(workflow)) throw new PyError('AttributeError', "'NoneType' object has no attribute 'get'");
  return workflow.get('id');
}

function pruned(fields: Record<string, PyValue | undefined>): PyDict {
  return new Map(
    Object.entries(fields).filter((entry): entry is [string, PyValue] => entry[1] !== undefined && entry[1] !== null),
  );
}

function toWaitingView(item: QueueItem, status: JobStatus): PyDict {
  return pruned({
    id: item.promptId,
    status,
    priority: item.number,
    create_time: item.extraData.get('create_time'),
    outputs_count: 0,
    previewable_outputs_count: 0,
    workflow_id: workflowIdOf(item.extraData),
  });
}

function toFinishedView(id: string, entry: PyDict, whole: boolean): PyDict {
  const [priority, , prompt, extraData] = entry.get('prompt') as [PyValue, PyValue, PyDict, PyDict];
  const status = entry.get('status') as PyDict;
  const outputs = entry.get('outputs') as PyDict;
  const messages = status.get('messages') as [string, PyDict][];
  const last = messages.at(-1);
  const ended = last !== undefined && /^execution_(success|error|interrupted)$/.test(last[0]) ? last : undefined;
  const { count, previewable, preview } = summary(outputs);
  const job = pruned({
    id,
    status: stateOf(status, ended?.[0]),
    priority,
    create_time: extraData.get('create_time'),
    execution_start_time: messages.find(([event]) => event === 'execution_start')?.[1].get('timestamp'),
    execution_end_time: ended?.[1].get('timestamp'),
    execution_error: ended?.[0] === 'execution_error' ? ended[1] : undefined,
    outputs_count: count,
    previewable_outputs_count: previewable,
    preview_output: preview,
    workflow_id: workflowIdOf(extraData),
  });
  if (!whole) return job;
  return new Map([
    ...job,
    ['outputs', outputs],
    ['execution_status', status],
    ['workflow', dict({ prompt, extra_data: extraData })],
  ]);
}

function stateOf(status: PyDict, lastEvent: string | undefined): JobStatus {
  if (status.get('status_str') !== 'error') return 'completed';
  return lastEvent === 'execution_interrupted' ? 'cancelled' : 'failed';
}

/** Files are counted, texts are not; the preview is the first saved file, or else the first of anything. */
function summary(outputs: PyDict): { count: number; previewable: number; preview: PyDict | undefined } {
  let count = 0;
  let previewable = 0;
  let saved: PyDict | undefined;
  let other: PyDict | undefined;
  for (const [nodeId, ui] of outputs) {
    for (const [mediaType, items] of ui as PyDict) {
      if (mediaType === 'animated' || !Array.isArray(items)) continue;
      const about: [string, PyValue][] = [
        ['nodeId', nodeId],
        ['mediaType', mediaType],
      ];
      for (const item of items) {
        if (mediaType === 'text' && typeof item === 'string') other ??= new Map([['content', item], ...about]);
        if (!isDict(item)) continue;
        count += 1;
        if (!isPreviewable(mediaType, item)) continue;
        previewable += 1;
        const enriched: PyDict = new Map([...item, ...about]);
        if (item.get('type') === 'output') saved ??= enriched;
        else other ??= enriched;
      }
    }
  }
  return { count, previewable, preview: saved ?? other };
}

function isPreviewable(mediaType: string, item: PyDict): boolean {
  return (
    ['images', 'video', 'audio'].includes(mediaType) ||
    /^(?:video|audio)\//.test(String(item.get('format') ?? '')) ||
    /\.(?:obj|fbx|gltf|glb)$/i.test(String(item.get('filename') ?? ''))
  );
}
