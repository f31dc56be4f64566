import { parseJson } from '../python/json';
import { isDict, type PyValue } from '../python/values';
import { differences, failedEncoder, stable, withoutLetters } from './comparison';
import { isTick, type Frame } from './frame';
import type { Answer, NoAnswer, Played } from './player';
import type { TraceEvent } from './trace';

const comparedHeaders = [
  'content-type',
  'content-disposition',
  'content-range',
  'accept-ranges',
  'allow',
  'cache-control',
  'access-control-allow-origin',
  'x-content-type-options',
  'vary',
  'content-encoding',
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
  if (String(answer.status) !== recorded.text('status'))
    return [
      `expected status ${recorded.text('status')}, got ${answer.status}: ${answer.body.toString('utf8', 0, 200)}`,
    ];
  const out: string[] = [];
  const headers = recorded.dict('headers');
  for (const name of comparedHeaders) {
    const [left, right] = [String(headers.get(name) ?? ''), answer.headers[name] ?? ''].map(withoutLetters);
    if (left !== right) out.push(`header ${name}: expected ${left ?? ''}, got ${right ?? ''}`);
  }
  for (const name of presentHeaders) {
    if (headers.has(name) !== name in answer.headers)
      out.push(`header ${name}: expected it to be ${headers.has(name) ? 'there' : 'absent'}`);
  }
  if (headers.get('connection') === 'close' && answer.headers['connection'] !== 'close')
    out.push('expected connection: close');
  return [...out, ...bodyDifferences(recorded, answer.body, ids)];
}

function bodyDifferences(recorded: TraceEvent, body: Buffer, ids: Played['ids']): string[] {
  if (recorded.has('json')) return jsonDifferences(recorded.value('json'), parseJson(body.toString('utf8')), ids);
  if (recorded.has('text')) {
    const text = recorded.text('text');
    if (/^[{[]/.test(text)) return jsonDifferences(parseJson(text), parseJson(body.toString('utf8')), ids);
    return text === body.toString('utf8') ? [] : [`expected the text ${text}, got ${body.toString('utf8', 0, 120)}`];
  }
  if (recorded.has('len'))
    return kindOf(Buffer.from(recorded.text('head_b64'), 'base64')) === kindOf(body)
      ? []
      : ['another kind of file or size of picture'];
  return recorded.has('body') && body.length > 0 ? ['expected an empty body'] : [];
}

function jsonDifferences(expected: PyValue, actual: PyValue, ids: Played['ids']): string[] {
  // The log as one string.
  if (typeof expected === 'string' && typeof actual === 'string') return [];
  return differences(stable(expected, ids), stable(actual));
}

/** By the first bytes; of a PNG also what it measures. */
const kinds: readonly [RegExp, string][] = [
  [/^RIFF.{4}WEBP/s, 'WebP'],
  [/^GIF89a/, 'GIF'],
  [/^.{4}ftyp/s, 'MP4'],
  [/^\x1a\x45\xdf\xa3/, 'Matroska'],
  [/^fLaC/, 'FLAC'],
];

function kindOf(bytes: Buffer): string {
  if (bytes.length >= 26 && bytes.toString('latin1', 1, 4) === 'PNG')
    return `PNG ${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)} type ${bytes[25] ?? 0}`;
  return kinds.find(([pattern]) => pattern.test(bytes.toString('latin1', 0, 16)))?.[1] ?? 'something else';
}

function remaining(frame: Frame): PyValue {
  const data = isDict(frame.content) ? (frame.content.get('data') ?? null) : null;
  const status = isDict(data) ? (data.get('status') ?? null) : null;
  return isDict(status) ? status : null;
}

/** How often, and how it ends; what lies between may depend on whether a request or the worker came first. */
function statusDifferences(expected: readonly Frame[], received: readonly Frame[]): string[] {
  const [left, right] = [expected, received].map((frames) => frames.filter(({ type }) => type === 'status'));
  if (left === undefined || right === undefined || left.length !== right.length)
    return [`status: expected ${left?.length ?? 0} frames, got ${right?.length ?? 0}`];
  const [last, lastNow] = [left.at(-1), right.at(-1)];
  return last === undefined || lastNow === undefined
    ? []
    : differences(remaining(last), remaining(lastNow), 'last status');
}

function promptDifferences(expected: readonly Frame[], received: readonly Frame[], ids: Played['ids']): string[] {
  const prompts = [...new Set(expected.map(({ promptId }) => promptId))];
  return prompts.flatMap((id) => {
    const [recorded, now] = [byPrompt(expected, id), byPrompt(received, ids.get(id) ?? id)];
    const cut = isCut(recorded);
    const [left, right] = inOneOrder(
      ...([recorded, now].map((frames) => frames.filter((frame) => !cut || !isTick(frame))) as [Frame[], Frame[]]),
    );
    if (left.length !== right.length) {
      return [
        `prompt ${id}: expected ${left.length} frames (${left.map(({ type }) => type).join(' ')}), got ` +
          `${right.length} (${right.map(({ type }) => type).join(' ')})`,
      ];
    }
    return left.flatMap((frame, index) => {
      const other = right[index] ?? { type: 'nothing', promptId: '', content: null };
      if (frame.type !== other.type) return [`prompt ${id} frame ${index}: expected ${frame.type}, got ${other.type}`];
      return differences(
        stable(frame.content, ids),
        stable(other.content),
        `prompt ${id} frame ${index} ${frame.type}`,
      );
    });
  });
}

/**
 * Which of several output nodes comes first is the order of a Python set. Then their frames are compared without their
 * order.
 */
function inOneOrder(recorded: readonly Frame[], now: readonly Frame[]): [readonly Frame[], readonly Frame[]] {
  const outputs = new Set(recorded.filter(({ type }) => type === 'executed').map(nodeOf));
  const order = (frames: readonly Frame[], which: (node: string) => boolean): string =>
    frames
      .filter(({ type }) => type === 'executing')
      .map(nodeOf)
      .filter(which)
      .join(' ');
  const differ = order(recorded, (node) => outputs.has(node)) !== order(now, (node) => outputs.has(node));
  if (!differ || order(recorded, (node) => !outputs.has(node)) !== order(now, (node) => !outputs.has(node)))
    return [recorded, now];
  const key = (frame: Frame): string => `${frame.type} ${nodeOf(frame)}`;
  const sorted = (frames: readonly Frame[]): Frame[] =>
    frames.filter(({ type }) => type !== 'progress_state').sort((a, b) => (key(a) < key(b) ? -1 : 1));
  return [sorted(recorded), sorted(now)];
}

function nodeOf({ content }: Frame): string {
  const data = isDict(content) ? (content.get('data') ?? null) : null;
  return isDict(data) ? String(data.get('node')) : '';
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
  return (
    hasGap(frames) ||
    frames.some(brokePipe) ||
    types.includes('execution_interrupted') ||
    !whole ||
    (types.includes('execution_start') && !types.some((type) => /^execution_(success|error)$/.test(type)))
  );
}

/** How much went into the pipe of an encoder before it broke is chance, too. */
function brokePipe({ content }: Frame): boolean {
  const data = isDict(content) ? (content.get('data') ?? null) : null;
  return isDict(data) && String(data.get('exception_message')).startsWith(failedEncoder);
}

function hasGap(frames: readonly Frame[]): boolean {
  const values = frames
    .filter(({ type }) => type === 'progress')
    .map(({ content }) => {
      const data = isDict(content) ? (content.get('data') ?? null) : null;
      return isDict(data) ? Number(data.get('value')) : 0;
    });
  return values.some((value, index) => index > 0 && value > (values[index - 1] ?? 0) + 1);
}
