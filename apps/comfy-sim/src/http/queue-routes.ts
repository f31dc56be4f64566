import type { InterruptFlag } from '../execution/interruption';
import type { Worker } from '../execution/worker';
import type { History } from '../history';
import { toInt } from '../python/conversions';
import { typeError } from '../python/errors';
import { typeName } from '../python/text';
import { dict, isDict, isTruthy, type PyDict, type PyValue } from '../python/values';
import { toQueueView, type PromptQueue } from '../queue/prompt-queue';
import type { Exchange } from './exchange';
import { empty, json, type Reply } from './reply';
import type { Route } from './router';

interface QueueDesk {
  readonly queue: PromptQueue;
  readonly history: History;
  readonly worker: Worker;
  readonly interrupt: InterruptFlag;
  readonly log: (line: string) => void;
}

export function queueRoutes(desk: QueueDesk): Route[] {
  return [
    {
      method: 'GET',
      path: '/queue',
      run: () =>
        json(
          dict({
            queue_running: desk.queue.running === undefined ? [] : [toQueueView(desk.queue.running)],
            queue_pending: desk.queue.waiting.map(toQueueView),
          }),
        ),
    },
    {
      method: 'POST',
      path: '/queue',
      run: async (exchange) =>
        change(
          await exchange.json(),
          () => desk.queue.clear(),
          (id) => void desk.queue.delete(id),
        ),
    },
    { method: 'GET', path: '/history', run: (exchange) => listHistory(desk.history, exchange) },
    { method: 'GET', path: '/history/{id}', run: (exchange) => json(desk.history.find(exchange.param('id'))) },
    {
      method: 'POST',
      path: '/history',
      run: async (exchange) =>
        change(
          await exchange.json(),
          () => desk.history.clear(),
          (id) => desk.history.delete(id),
        ),
    },
    { method: 'POST', path: '/interrupt', run: (exchange) => interrupt(desk, exchange) },
    { method: 'POST', path: '/free', run: async (exchange) => free(desk, await exchange.json()) },
  ];
}

/** Whatever has no `in` in Python is an error; lists and strings merely contain none of the keys. */
function asBody(value: PyValue): PyDict {
  if (isDict(value)) return value;
  if (Array.isArray(value) || typeof value === 'string') return dict({});
  throw typeError(`argument of type '${typeName(value)}' is not iterable`);
}

function change(posted: PyValue, clear: () => void, remove: (id: PyValue) => void): Reply {
  const body = asBody(posted);
  if (isTruthy(body.get('clear') ?? null)) clear();
  const ids = body.get('delete');
  if (ids !== undefined) for (const id of iterable(ids)) remove(id);
  return empty();
}

function iterable(value: PyValue): Iterable<PyValue> {
  if (Array.isArray(value) || typeof value === 'string') return value;
  if (isDict(value)) return value.keys();
  throw typeError(`'${typeName(value)}' object is not iterable`);
}

function listHistory(history: History, exchange: Exchange): Reply {
  const maxItems = exchange.query.get('max_items');
  const offset = exchange.query.get('offset');
  return json(
    history.list(maxItems === null ? undefined : Number(toInt(maxItems)), offset === null ? -1 : Number(toInt(offset))),
  );
}

/** Broken JSON counts as an empty body, and an empty body, or an empty id, as "whatever runs". */
async function interrupt(desk: QueueDesk, exchange: Exchange): Promise<Reply> {
  const posted = await exchange.json().catch((error: unknown) => {
    if (error instanceof SyntaxError || error instanceof TypeError) return dict({});
    throw error;
  });
  if (!isDict(posted)) throw typeError(`'${typeName(posted)}' object has no attribute 'get'`);
  const id = posted.get('prompt_id') ?? null;
  if (!isTruthy(id)) {
    desk.log('Global interrupt (no prompt_id specified)');
    desk.interrupt.raise();
  } else if (desk.queue.running?.promptId === id) {
    desk.log(`Interrupting prompt ${String(id)}`);
    desk.interrupt.raise();
  } else {
    desk.log(`Prompt ${String(id)} is not currently running, skipping interrupt`);
  }
  return empty();
}

function free(desk: QueueDesk, posted: PyValue): Reply {
  if (!isDict(posted)) throw typeError(`'${typeName(posted)}' object has no attribute 'get'`);
  desk.worker.requestFree({
    unloadModels: isTruthy(posted.get('unload_models') ?? false),
    freeMemory: isTruthy(posted.get('free_memory') ?? false),
  });
  return empty();
}
