import { randomUUID } from 'node:crypto';
import type { ExecutionLog } from '../execution-log';
import type { Clock } from '../clock';
import type { Faults } from '../faults/faults';
import type { HttpFaults } from '../faults/http-faults';
import { sensitiveKeys } from '../history';
import { toFloat } from '../python/conversions';
import { typeError } from '../python/errors';
import { str, typeName } from '../python/text';
import { PyFloat, dict, isDict, isTruthy, type PyDict, type PyValue } from '../python/values';
import type { PromptQueue } from '../queue/prompt-queue';
import type { NodeReplacements } from '../validation/node-replacements';
import { toErrorView, validationError } from '../validation/prompt-error';
import { validatePrompt, type ValidationRules } from '../validation/prompt-validation';
import { json, type Reply } from './reply';
import type { Route } from './router';

interface PromptDesk {
  readonly queue: PromptQueue;
  readonly rules: ValidationRules;
  readonly executionLog: ExecutionLog;
  readonly faults: Faults;
  readonly httpFaults: HttpFaults;
  readonly clock: Clock;
  readonly replacements: NodeReplacements | undefined;
  readonly log: (line: string) => void;
}

export const canonicalUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function promptRoutes(desk: PromptDesk): Route[] {
  const counter = new PromptCounter();
  return [
    ...(desk.replacements === undefined ? [] : [replacementsRoute(desk.replacements)]),
    {
      method: 'GET',
      path: '/prompt',
      run: () => json(dict({ exec_info: dict({ queue_remaining: desk.queue.remaining }) })),
    },
    {
      method: 'POST',
      path: '/prompt',
      run: async (exchange) => postPrompt(desk, counter, await exchange.json(), exchange.header('comfy-usage-source')),
    },
  ];
}

const replacementsRoute = ({ described }: NodeReplacements): Route => ({
  method: 'GET',
  path: '/node_replacements',
  run: () => json(described),
});

/** Counted up by every prompt without an own number, valid or not; `front` puts it before all with a larger one. */
class PromptCounter {
  private next = 0;

  reset(): void {
    this.next = 0;
  }

  numberFor(body: PyDict): number | PyFloat {
    const posted = body.get('number');
    if (posted !== undefined) return toFloat(posted);
    const number = this.next;
    this.next += 1;
    return isTruthy(body.get('front') ?? null) && number !== 0 ? -number : number;
  }
}

async function postPrompt(
  desk: PromptDesk,
  counter: PromptCounter,
  posted: PyValue,
  usageSource: string | undefined,
): Promise<Reply> {
  desk.log('got prompt');
  const refusal = desk.httpFaults.refused();
  if (refusal !== undefined) return refusal;
  if (posted === null || typeof posted === 'number' || typeof posted === 'boolean')
    throw typeError(`argument of type '${typeName(posted)}' is not iterable`);
  const body = isDict(posted) ? posted : dict({});
  if (desk.faults.strike('number-reset') !== undefined) counter.reset();
  const number = counter.numberFor(body);
  const prompt = body.get('prompt');
  if (prompt === undefined)
    return refuse(toErrorView(validationError('no_prompt', 'No prompt provided', 'No prompt provided')), dict({}));
  const promptId = promptIdOf(desk, body);
  if (promptId === undefined) return invalidPromptId();
  desk.replacements?.apply(prompt, (name) => desk.rules.registry.has(name));
  const verdict = validatePrompt(prompt, body.get('partial_execution_targets') ?? null, desk.rules);
  const extraData = extraDataOf(desk, body, usageSource);
  if (!verdict.ok) {
    desk.log(`invalid prompt: ${str(verdict.error)}`);
    return refuse(verdict.error, verdict.nodeErrors);
  }
  const client = extraData.get('client_id');
  desk.executionLog.accepted({
    prompt_id: promptId,
    client_id: typeof client === 'string' ? client : null,
    number: number instanceof PyFloat ? number.value : number,
  });
  const { prompt: checked } = verdict;
  const partial =
    desk.httpFaults.dropOutput(verdict.outputs, (id) => str((checked.get(id) as PyDict).get('class_type') ?? null)) ??
    verdict;
  desk.queue.put({ number, promptId, prompt: checked, extraData, outputs: partial.outputs });
  if (desk.queue.waiting.length > 0 && desk.faults.strike('clear-queue') !== undefined) desk.queue.clear();
  await desk.httpFaults.accepted();
  return json(dict({ prompt_id: promptId, number, node_errors: partial.nodeErrors }));
}

/** 0.3.64 takes str() of anything, so null becomes "None"; 0.33 wants a canonical UUID or nothing. */
function promptIdOf(desk: PromptDesk, body: PyDict): string | undefined {
  const posted = body.get('prompt_id');
  if (!desk.rules.generation.canonicalPromptIds) return posted === undefined ? randomUUID() : str(posted);
  if (posted === undefined || posted === null) return randomUUID();
  return typeof posted === 'string' && canonicalUuid.test(posted) ? posted : undefined;
}

function invalidPromptId(): Reply {
  return refuse(
    toErrorView(
      validationError(
        'invalid_prompt_id',
        'prompt_id must be a valid UUID',
        'prompt_id must be a UUID string in canonical lowercase hyphenated ' +
          'form; omit it to let the server generate one',
      ),
    ),
    dict({}),
  );
}

function extraDataOf(desk: PromptDesk, body: PyDict, usageSource: string | undefined): PyDict {
  const extraData = body.has('extra_data') ? (body.get('extra_data') as PyValue) : dict({});
  const client = body.get('client_id');
  if (!isDict(extraData)) throw typeError(`'${typeName(extraData)}' object does not support item assignment`);
  if (client !== undefined) extraData.set('client_id', client);
  if (desk.rules.generation.createTime) {
    for (const key of sensitiveKeys) extraData.delete(key);
    if (usageSource !== undefined) extraData.set('comfy_usage_source', usageSource);
    extraData.set('create_time', desk.clock.wallMs());
  }
  return extraData;
}

const refuse = (error: PyDict, nodeErrors: PyDict): Reply => json(dict({ error, node_errors: nodeErrors }), 400);
