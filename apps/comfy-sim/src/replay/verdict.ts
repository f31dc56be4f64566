import { parseJson } from '../python/json';
import { isDict, type PyValue } from '../python/values';
import { differences, stable } from './comparison';
import { isTick, type Frame } from './frame';
import type { Answer, NoAnswer, Played } from './player';
import type { TraceEvent } from './trace';

const comparedHeaders = [
  'content-type', 'content-disposition', 'content-range', 'accept-ranges', 'allow', 'cache-control', 'access-control-allow-origin',
  'x-content-type-options', 'vary', 'content-encoding',
];
const presentHeaders = ['etag', 'last-modified'];

/** In what the replay differs from the recording; empty when it does not. */
export function verdict(played: Played): string[] {
  const out: string[] = [];
  for (const [id, { request, recorded, answer }] of played.answers) {
    const step = `#${id} ${request.text('method')} ${request.text('path')}`;
    out.push(...answerDifferences(recorded, answer, played.ids).map((difference) => `${step}: ${difference}`));
  }
  for (const [name, { expected, received }] of played.sockets) {
    out.push(...statusDifferences(expected, received).map((difference) => `${name} ${difference}`));
    out.push(...promptDifferences(expected, received, played.ids).map((difference) => `${name} ${difference}`));
  }
  return out;
}

export function answerDifferences(recorded: TraceEvent, answer: Answer | NoAnswer, ids: Played['ids']): string[] {
  if ('lost' in answer) return recorded.kind === 'err' ? [] : [`no answer: ${answer.lost}`];
  if (recorded.kind === 'err') return [`expected no answer, got ${answer.status}`];
  if (String(answer.status) !== recorded.text('status')) return [`expected status ${recorded.text('status')}, got ${answer.status}: ${answer.body.toString('utf8', 0, 200)}`];
  const out: string[] = [];
  const headers = recorded.dict('headers');
  for (const name of comparedHeaders) {
    const [left, right] = [headers.get(name) ?? '', answer.headers[name] ?? ''];
    if (left !== right) out.push(`header ${name}: expected ${String(left)}, got ${right}`);
  }
  for (const name of presentHeaders) {
    if (headers.has(name) !== name in answer.headers) out.push(`header ${name}: expected it to be ${headers.has(name) ? 'there' : 'absent'}`);
  }
  if (headers.get('connection') === 'close' && answer.headers['connection'] !== 'close') out.push('expected connection: close');
  return [...out, ...bodyDifferences(recorded, answer.body, ids)];
}

function bodyDifferences(recorded: TraceEvent, body: Buffer, ids: Played['ids']): string[] {
  if (recorded.has('json')) return jsonDifferences(recorded.value('json'), parseJson(body.toString('utf8')), ids);
  if (recorded.has('text')) {
    const text = recorded.text('text');
    if (/^[{[]/.test(text)) return jsonDifferences(parseJson(text), parseJson(body.toString('utf8')), ids);
    return text === body.toString('utf8') ? [] : [`expected the text ${text}, got ${body.toString('utf8', 0, 120)}`];
  }
  if (recorded.has('len')) return pngSize(Buffer.from(recorded.text('head_b64'), 'base64')) === pngSize(body) ? [] : ['another kind or size of picture'];
  return recorded.has('body') && body.length > 0 ? ['expected an empty body'] : [];
}

function jsonDifferences(expected: PyValue, actual: PyValue, ids: Played['ids']): string[] {
  // The log as one string.
  if (typeof expected === 'string' && typeof actual === 'string') return [];
  return differences(stable(expected, ids), stable(actual));
}

function pngSize(bytes: Buffer): string {
  return bytes.length >= 26 && bytes.toString('latin1', 1, 4) === 'PNG' ? `${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)} type ${bytes[25] ?? 0}` : 'no PNG';
}

function remaining(frame: Frame): PyValue {
  const data = isDict(frame.content) ? frame.content.get('data') ?? null : null;
  const status = isDict(data) ? data.get('status') ?? null : null;
  return isDict(status) ? status : null;
}

/** How often, and how it ends; what lies between may depend on whether a request or the worker came first. */
function statusDifferences(expected: readonly Frame[], received: readonly Frame[]): string[] {
  const [left, right] = [expected, received].map((frames) => frames.filter(({ type }) => type === 'status'));
  if (left === undefined || right === undefined || left.length !== right.length) return [`status: expected ${left?.length ?? 0} frames, got ${right?.length ?? 0}`];
  const [last, lastNow] = [left.at(-1), right.at(-1)];
  return last === undefined || lastNow === undefined ? [] : differences(remaining(last), remaining(lastNow), 'last status');
}

function promptDifferences(expected: readonly Frame[], received: readonly Frame[], ids: Played['ids']): string[] {
  const prompts = [...new Set(expected.map(({ promptId }) => promptId))];
  return prompts.flatMap((id) => {
    const [recorded, now] = [byPrompt(expected, id), byPrompt(received, ids.get(id) ?? id)];
    const cut = isCut(recorded);
    const [left, right] = [recorded, now].map((frames) => frames.filter((frame) => !cut || !isTick(frame)));
    if (left === undefined || right === undefined || left.length !== right.length) {
      return [`prompt ${id}: expected ${left?.length ?? 0} frames (${left?.map(({ type }) => type).join(' ') ?? ''}), got ${right?.length ?? 0} (${right?.map(({ type }) => type).join(' ') ?? ''})`];
    }
    return left.flatMap((frame, index) => {
      const other = right[index] ?? { type: 'nothing', promptId: '', content: null };
      if (frame.type !== other.type) return [`prompt ${id} frame ${index}: expected ${frame.type}, got ${other.type}`];
      return differences(stable(frame.content, ids), stable(other.content), `prompt ${id} frame ${index} ${frame.type}`);
    });
  });
}

/** Bare previews and a greeting carry no prompt id; they go with the frames around them. */
function byPrompt(frames: readonly Frame[], id: string): Frame[] {
  let current = '';
  return frames.filter((frame) => {
    if (frame.type === 'status' || frame.type === 'logs') return false;
    if (frame.type !== 'binary' || frame.promptId !== '') current = frame.promptId;
    return current === id;
  });
}

/** How many ticks a socket sees before an interrupt, even a swallowed one, or after it joined in mid-run, is chance. */
function isCut(frames: readonly Frame[]): boolean {
  const types = frames.map(({ type }) => type);
  const whole = types.includes('execution_start') || !types.includes('executing');
  return hasGap(frames) || types.includes('execution_interrupted') || !whole || (types.includes('execution_start') && !types.some((type) => /^execution_(success|error)$/.test(type)));
}

function hasGap(frames: readonly Frame[]): boolean {
  const values = frames.filter(({ type }) => type === 'progress').map(({ content }) => {
    const data = isDict(content) ? content.get('data') ?? null : null;
    return isDict(data) ? Number(data.get('value')) : 0;
  });
  return values.some((value, index) => index > 0 && value > (values[index - 1] ?? 0) + 1);
}
