import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { dumpJson } from '../python/json';
import type { PyDict } from '../python/values';
import { isTick, receivedFrame, recordedFrame, type Frame } from './frame';
import { multipartBody } from './recorded-uploads';
import type { Trace, TraceEvent } from './trace';

/** The connection was refused or broke. */
export interface NoAnswer {
  readonly lost: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

interface Socket {
  readonly expected: Frame[];
  readonly received: Frame[];
  socket: WebSocket | undefined;
  refusedStatus: number | undefined;
  closedCode: number | undefined;
}

export interface Played {
  readonly sockets: ReadonlyMap<string, Socket>;
  readonly answers: ReadonlyMap<
    string,
    { readonly request: TraceEvent; readonly recorded: TraceEvent; readonly answer: Answer | NoAnswer }
  >;
  /** Ids the server made up: as recorded, and as given now. */
  readonly ids: ReadonlyMap<string, string>;
}

/** Longest silence before a frame counts as lost, and longest pause of the recording that is kept. */
const patienceMs = 8000;
const longestPauseMs = 60;
const settlingMs = 3000;

/** Does what the recorded client did, waiting before each step for the frames it had seen by then. */
export class Player {
  private readonly sockets = new Map<string, Socket>();
  private readonly answers = new Map<
    string,
    { request: TraceEvent; recorded: TraceEvent; answer: Answer | NoAnswer }
  >();
  private readonly open = new Map<string, { request: TraceEvent; answer: Promise<Answer | NoAnswer> }>();
  private readonly ids = new Map<string, string>();
  private lastPromptId = '';
  private lastAt = 0;
  private lastRequestId = 0;

  constructor(
    private readonly url: string,
    private readonly trace: Trace,
    private readonly onNote: (note: string) => Promise<void>,
    private readonly agrees: (
      recorded: TraceEvent,
      answer: Answer | NoAnswer,
      ids: ReadonlyMap<string, string>,
    ) => boolean,
  ) {}

  async play(): Promise<Played> {
    for (const event of this.trace.events) await this.step(event);
    await this.untilSeen();
    await sleep(100);
    for (const { socket } of this.sockets.values()) socket?.terminate();
    return { sockets: this.sockets, answers: this.answers, ids: this.ids };
  }

  private async step(event: TraceEvent): Promise<void> {
    await this.act(event);
    this.lastAt = event.at;
  }

  private async act(event: TraceEvent): Promise<void> {
    switch (event.kind) {
      case 'note':
        return this.onNote(event.text('text'));
      case 'req':
        return this.send(event);
      case 'res':
      case 'err':
        return this.receive(event);
      case 'ws.open':
        return this.connect(event);
      case 'ws.text':
      case 'ws.binary':
        this.socketOf(event).expected.push(recordedFrame(event));
        return;
      case 'ws.send':
        return this.say(event);
      case 'ws.close_by_client':
        return this.hangUp(event);
      default:
    }
  }

  private async pace(event: TraceEvent): Promise<void> {
    await this.untilSeen();
    const pause = event.at - this.lastAt;
    if (pause > 20) await sleep(Math.min(pause, longestPauseMs));
  }

  private async send(event: TraceEvent): Promise<void> {
    const id = Number(event.text('id'));
    const skipped = id > this.lastRequestId + 1 && event.at - this.lastAt > 50;
    await this.pace(event);
    // Polls without news were left out of the recording; they ended with the last prompt.
    if (skipped) await this.untilIdle();
    this.lastRequestId = id;
    this.open.set(event.text('id'), { request: event, answer: this.ask(event).catch(lost) });
  }

  private async receive(event: TraceEvent): Promise<void> {
    const open = this.open.get(event.text('id'));
    if (open === undefined) return;
    const answer = await this.settled(open.request, event, await open.answer);
    this.answers.set(event.text('id'), { request: open.request, recorded: event, answer });
    this.learnIds(event, answer);
  }

  /** A read of state that was ahead of the worker here and behind it there: it is repeated until it agrees. */
  private async settled(asked: TraceEvent, recorded: TraceEvent, first: Answer | NoAnswer): Promise<Answer | NoAnswer> {
    const isRead = asked.text('method') === 'GET' && /^(\/api)?\/(queue|prompt|history|jobs)/.test(asked.text('path'));
    const end = Date.now() + settlingMs;
    let answer = first;
    while (isRead && !this.agrees(recorded, answer, this.ids) && Date.now() < end) {
      await sleep(30);
      answer = await this.ask(asked).catch(lost);
    }
    return answer;
  }

  private learnIds(recorded: TraceEvent, answer: Answer | NoAnswer): void {
    const given = recorded.dict('json').get('prompt_id');
    if ('lost' in answer || typeof given !== 'string' || answer.status !== 200) return;
    const now: unknown = JSON.parse(answer.body.toString('utf8'));
    const actual = typeof now === 'object' && now !== null && 'prompt_id' in now ? String(now.prompt_id) : given;
    if (actual !== given) this.ids.set(given, actual);
    this.lastPromptId = actual;
  }

  private async connect(event: TraceEvent): Promise<void> {
    await this.pace(event);
    const state: Socket = {
      expected: [],
      received: [],
      socket: undefined,
      refusedStatus: undefined,
      closedCode: undefined,
    };
    this.sockets.set(event.text('sock'), state);
    const headers = Object.fromEntries(
      [...event.dict('headers')].map(([name, value]) => [name, this.ownAddress(name, String(value))]),
    );
    const socket = new WebSocket(this.url.replace('http', 'ws') + event.text('path'), {
      headers,
      perMessageDeflate: false,
    });
    state.socket = socket;
    socket.on('message', (data: Buffer, isBinary: boolean) => state.received.push(receivedFrame(data, isBinary)));
    socket.on('close', (code: number) => (state.closedCode = code));
    await new Promise<void>((resolve) => {
      socket.on('open', resolve);
      socket.on('error', () => resolve());
      socket.on('unexpected-response', (_request, response) => {
        state.refusedStatus = response.statusCode ?? 0;
        resolve();
      });
    });
  }

  private async say(event: TraceEvent): Promise<void> {
    await this.pace(event);
    const text = event.has('json')
      ? dumpJson(event.value('json'))
      : event.has('text')
        ? event.text('text')
        : 'x'.repeat(Number(event.text('len')));
    this.socketOf(event).socket?.send(text);
  }

  private async hangUp(event: TraceEvent): Promise<void> {
    await this.pace(event);
    const { socket } = this.socketOf(event);
    if (socket === undefined || socket.readyState === WebSocket.CLOSED) return;
    await new Promise<void>((resolve) => {
      socket.on('close', () => resolve());
      socket.close();
    });
  }

  private socketOf(event: TraceEvent): Socket {
    const socket = this.sockets.get(event.text('sock'));
    if (socket === undefined) throw new Error(`${this.trace.name}: no socket ${event.text('sock')}`);
    return socket;
  }

  private ask(event: TraceEvent): Promise<Answer> {
    let path = event.text('path');
    for (const [recorded, actual] of [...this.ids, ...this.tempNames()]) path = path.replaceAll(recorded, actual);
    const headers = Object.fromEntries(
      [...event.dict('headers')].map(([name, value]) => [name, this.ownAddress(name, String(value))]),
    );
    const body = this.bodyOf(event);
    return new Promise((resolve, reject) => {
      const asked = request(
        this.url,
        { method: event.text('method'), path, headers: { ...headers, 'content-length': body.length } },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('error', reject);
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers as Record<string, string>,
              body: Buffer.concat(parts),
            }),
          );
        },
      );
      asked.on('error', reject);
      asked.end(body);
    });
  }

  /** Files of temp have random letters in their names, which the sockets told. */
  private tempNames(): [string, string][] {
    return [...this.sockets.values()].flatMap(({ expected, received }) => {
      const [recorded, actual] = [lettersIn(expected), lettersIn(received)];
      return recorded.map((name, index): [string, string] => [name, actual[index] ?? name]);
    });
  }

  private bodyOf(event: TraceEvent): Buffer {
    if (event.has('json')) return Buffer.from(this.withIds(dumpJson(event.value('json'))), 'utf8');
    if (event.has('text')) return Buffer.from(this.withIds(event.text('text')), 'utf8');
    if (event.has('multipart'))
      return multipartBody(
        event.value('multipart') as PyDict[],
        String(event.dict('headers').get('content-type') ?? ''),
      );
    if (event.text('note') === 'utf-16 body')
      return Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(lightPrompt, 'utf16le')]);
    if (event.has('len'))
      return Buffer.from(`{"prompt":{},"x":"${'a'.repeat(Number(event.text('len')) - 20)}"}`, 'utf8');
    return Buffer.alloc(0);
  }

  private withIds(text: string): string {
    return [...this.ids].reduce((out, [recorded, actual]) => out.replaceAll(recorded, actual), text);
  }

  /** Host and Origin name the recorded server's port; what is meant to be foreign stays. */
  private ownAddress(name: string, value: string): string {
    if (/^if-(none-)?match$/i.test(name)) return this.etagNow(value);
    return /^(host|origin)$/i.test(name)
      ? value.replace(/(127\.0\.0\.1|localhost):(?!9999\b|9\b)\d+/, `$1:${new URL(this.url).port}`)
      : value;
  }

  private etagNow(recorded: string): string {
    const seen = [...this.answers.values()].find(
      ({ recorded: answer }) => answer.dict('headers').get('etag') === recorded,
    );
    return seen === undefined || 'lost' in seen.answer ? recorded : (seen.answer.headers['etag'] ?? recorded);
  }

  /** Every frame the recorded client had by now: ticks at least once, all others as often. */
  private async untilSeen(): Promise<void> {
    let lastCount = -1;
    let since = Date.now();
    for (;;) {
      const missing = this.missing();
      if (missing === undefined) return;
      const count = [...this.sockets.values()].reduce((sum, { received }) => sum + received.length, 0);
      if (count !== lastCount) since = Date.now();
      lastCount = count;
      if (Date.now() - since > patienceMs) throw new Error(`${this.trace.name}: waited in vain for ${missing}`);
      await sleep(5);
    }
  }

  private missing(): string | undefined {
    for (const [name, { expected, received, closedCode }] of this.sockets) {
      if (closedCode !== undefined) continue;
      for (const [key, count] of this.counted(expected)) {
        if ((this.counted(received).get(key) ?? 0) < count) return `${name}: ${key}`;
      }
    }
    return undefined;
  }

  private counted(frames: readonly Frame[]): Map<string, number> {
    const counts = new Map<string, number>();
    for (const frame of frames) {
      if (frame.type === 'logs') continue;
      const key = `${frame.type} ${this.ids.get(frame.promptId) ?? frame.promptId}`;
      counts.set(key, isTick(frame) ? 1 : (counts.get(key) ?? 0) + 1);
    }
    return counts;
  }

  private async untilIdle(): Promise<void> {
    const end = Date.now() + patienceMs;
    while (Date.now() < end) {
      const queue = (await (await fetch(`${this.url}/queue`)).json()) as {
        queue_running: unknown[];
        queue_pending: unknown[];
      };
      if (queue.queue_running.length + queue.queue_pending.length === 0) return;
      const history = (await (await fetch(`${this.url}/history/${this.lastPromptId}`)).json()) as Record<
        string,
        unknown
      >;
      if (this.lastPromptId in history) return;
      await sleep(20);
    }
  }
}

const lost = (error: unknown): NoAnswer => ({ lost: String(error) });

const lightPrompt =
  '{"prompt": {"1": {"class_type": "EmptyImage", "inputs": {"width": 64, ' +
  '"height": 64, "batch_size": 1, "color": 0}}, ' +
  '"2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "h"}}}}';

const lettersIn = (frames: readonly Frame[]): string[] => [
  ...new Set(
    frames
      .filter(({ type }) => type === 'executed')
      .flatMap(({ content }) => dumpJson(content).match(/ComfyUI_temp_[a-z]{5}_/g) ?? []),
  ),
];
