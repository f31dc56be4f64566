import { parseJson } from '../python/json';
import { dict, isDict, type PyDict, type PyValue } from '../python/values';
import type { TraceEvent } from './trace';

/** One frame a socket got, recorded or now. */
export interface Frame {
  readonly type: string;
  readonly promptId: string;
  readonly content: PyValue;
}

const tickTypes = new Set(['progress', 'progress_state', 'binary']);
export const isTick = (frame: Frame): boolean => tickTypes.has(frame.type);

function fromText(value: PyValue): Frame {
  const data = isDict(value) ? (value.get('data') ?? null) : null;
  const id = isDict(data) ? data.get('prompt_id') : undefined;
  return {
    type: isDict(value) ? String(value.get('type')) : 'text',
    promptId: typeof id === 'string' ? id : '',
    content: value,
  };
}

export function recordedFrame(event: TraceEvent): Frame {
  if (event.kind === 'ws.text')
    return fromText(event.has('json') ? event.value('json') : parseJson(event.text('text')));
  const head = Buffer.from(event.text('head_b64'), 'base64');
  return binaryFrame(
    Number(event.text('event')),
    head.readUInt32BE(4),
    event.has('meta') ? event.dict('meta') : undefined,
  );
}

export function receivedFrame(data: Buffer, isBinary: boolean): Frame {
  if (!isBinary) return fromText(parseJson(data.toString('utf8')));
  const [event, second] = [data.readUInt32BE(0), data.readUInt32BE(4)];
  if (event !== 4) return binaryFrame(event, second, undefined);
  return binaryFrame(event, second, parseJson(data.toString('utf8', 8, 8 + second)) as PyDict);
}

/** Bare previews name their format, typed ones their prompt; sizes are chance. */
function binaryFrame(event: number, format: number, meta: PyDict | undefined): Frame {
  const content = meta === undefined ? dict({ event, format }) : dict({ event, meta });
  return { type: 'binary', promptId: String(meta?.get('prompt_id') ?? ''), content };
}
