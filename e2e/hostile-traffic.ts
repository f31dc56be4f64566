import { setTimeout as sleep } from 'node:timers/promises';
import * as contracts from '@tower/contracts';
import type { CommandDefinition, EventDefinition, RequestDefinition } from '@tower/contracts';
import { newId, seededRandom } from '@tower/kit';
import { connect, headers, type MsgHdrs, type NatsConnection } from 'nats';

const declared = Object.values(contracts) as unknown[];
const kindOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? (value as { kind?: unknown }).kind : undefined;
const questions = declared.filter((value): value is RequestDefinition => kindOf(value) === 'request');
const events = declared.filter((value): value is EventDefinition => kindOf(value) === 'event');
const commands = declared.filter((value): value is CommandDefinition => kindOf(value) === 'command');

const largest = 8 * 1024 * 1024 - 4_096;

/**
 * A stranger on the message server: sends what no service ever would, to every subject that anybody reads, and
 * answers questions that were not put to him. The same seed sends the same messages.
 */
export class HostileTraffic {
  readonly sent: Record<string, number> = {};
  /** Addresses of answers that were seen on the wire. */
  private readonly inboxes: string[] = [];
  private answering = false;

  private constructor(
    private readonly nats: NatsConnection,
    private readonly random: () => number,
  ) {}

  static async start(url: string, seed: number): Promise<HostileTraffic> {
    const traffic = new HostileTraffic(
      await connect({ servers: url, maxReconnectAttempts: -1, noEcho: true }),
      seededRandom(seed),
    );
    traffic.eavesdrop();
    return traffic;
  }

  async stop(): Promise<void> {
    await this.nats.close();
  }

  /**
   * Sends so many messages, in bursts that the server can take. `huge`: how many of them come close to what it takes
   * at most.
   */
  async send(count: number, huge: number): Promise<void> {
    this.answering = true;
    const hugeEvery = Math.max(1, Math.floor(count / Math.max(1, huge)));
    for (let index = 0; index < count; index++) {
      this.sendOne(index % hugeEvery === hugeEvery - 1 ? this.between(1024 * 1024, largest) : undefined);
      if (index % 50 === 49) {
        await this.nats.flush();
        await sleep(1);
      }
    }
    this.answering = false;
    await this.nats.flush();
  }

  private sendOne(hugeBytes: number | undefined): void {
    const [kind, subject] = this.subject();
    const body = hugeBytes === undefined ? this.body(kind) : this.hugeBody(hugeBytes);
    const reply = kind === 'question' && this.random() < 0.9 ? `stranger.${newId()}` : undefined;
    this.nats.publish(subject, body, {
      ...(reply === undefined ? {} : { reply }),
      ...(this.random() < 0.3 ? { headers: this.oddHeaders() } : {}),
    });
    this.sent[kind] = (this.sent[kind] ?? 0) + 1;
  }

  private subject(): [kind: string, subject: string] {
    const id = newId();
    const inbox = this.inboxes.length === 0 ? `_INBOX.${id}` : this.pick(this.inboxes);
    return this.pick<[string, string]>([
      ['question', this.pick(questions).subject],
      ['question', this.pick(questions).subject],
      ['event', `evt.${this.pick(events).type}.${this.pick([id, 'x', 'é'])}`],
      ['command', this.pick(commands).subject],
      ['progress', contracts.progressSubject(this.pick([id, 'x']))],
      ['heartbeat', contracts.heartbeatSubject(this.pick(['rendering', 'nobody', id]))],
      ['answer', inbox],
      ['advisory', this.advisorySubject()],
    ]);
  }

  private advisorySubject(): string {
    const kind = this.pick(['MAX_DELIVERIES', 'MSG_TERMINATED']);
    const stream = this.pick(['RENDERING', 'PROJECTS', 'x']);
    const consumer = this.pick([...contracts.serviceNames]);
    return `$JS.EVENT.ADVISORY.CONSUMER.${kind}.${stream}.${consumer}`;
  }

  private body(kind: string): string | Uint8Array {
    const roll = this.random();
    if (roll < 0.35) return this.garbage();
    const data = this.value(0);
    if (kind === 'question' || kind === 'answer')
      return JSON.stringify({
        id: this.pick([newId(), '', 5, null]),
        pattern: 'x',
        data,
        response: this.pick([data, { ok: true, value: data }, { ok: false, error: data }]),
        isDisposed: true,
      });
    const envelope = {
      id: this.pick([newId(), 'x', 5]),
      type: this.pick(events).type,
      time: this.pick([new Date().toISOString(), 'yesterday']),
      source: this.pick(['stranger', '']),
      correlationId: this.pick([newId(), {}]),
      data,
      service: 'rendering',
      instance: newId(),
      pid: 1,
      version: '0',
      started_at: new Date().toISOString(),
      state: this.pick(['ready', 'dancing']),
      checks: data,
      stream: 'RENDERING',
      consumer: 'gateway',
      stream_seq: this.between(0, 1_000),
      deliveries: 8,
      job_id: newId(),
      reason: data,
    };
    return JSON.stringify(envelope);
  }

  private garbage(): string | Uint8Array {
    return this.pick<() => string | Uint8Array>([
      () => '',
      () => 'hello',
      () => 'null',
      () => '[]',
      () => '{',
      () => '"\\ud800"',
      () => '{"__proto__":{"x":1}}',
      () => Uint8Array.of(0xff, 0xfe, 0),
      () => '['.repeat(this.between(1, 20_000)),
      () => '+ACK',
      () => '-ERR',
      () => Buffer.from(Array.from({ length: this.between(1, 300) }, () => this.between(0, 255))),
    ])();
  }

  private hugeBody(bytes: number): string | Uint8Array {
    return this.pick<() => string | Uint8Array>([
      () => Buffer.alloc(bytes, 'x'),
      () => Buffer.alloc(bytes, '['),
      () =>
        JSON.stringify({ id: newId(), data: { context: { correlationId: newId() }, filler: 'x'.repeat(bytes - 200) } }),
      () =>
        JSON.stringify({
          id: newId(),
          data: {
            project_id: newId(),
            job_type: 'still_image',
            prompt: 'x',
            parameters: Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`p${index}`, index])),
          },
        }),
    ])();
  }

  /** Any JSON, now and then with a field that somebody looks for. */
  private value(depth: number): unknown {
    const names = [
      'id',
      'context',
      'body',
      'limit',
      'cursor',
      'project_id',
      'job_id',
      'projectId',
      'jobId',
      'seq',
      'prompt',
      'parameters',
      'reason',
      'state',
      'after',
      'name',
      'toString',
      'correlationId',
    ];
    const roll = this.random();
    if (depth < 3 && roll < 0.5)
      return Object.fromEntries(
        Array.from({ length: this.between(0, 6) }, () => [this.pick(names), this.value(depth + 1)]),
      );
    if (depth < 3 && roll < 0.6) return Array.from({ length: this.between(0, 5) }, () => this.value(depth + 1));
    return this.pick<unknown>([
      newId(),
      'x',
      '',
      0,
      -1,
      1e300,
      true,
      null,
      'still_image',
      '夜'.repeat(this.between(0, 2_000)),
      200,
      { correlationId: newId() },
    ]);
  }

  private oddHeaders(): MsgHdrs {
    const built = headers();
    const line = this.pick([
      'no such name: x',
      'Tower-Deadline: tomorrow',
      'Tower-Deadline: 1',
      'Correlation-Id: x',
      `traceparent: ${'0'.repeat(500)}`,
      'Status: 503',
      ': nameless',
      'Nats-Msg-Id: x',
      'Nats-Pending-Messages: many',
    ]);
    const status = this.pick(['', '', '', ' 503', ' 400 Bad Request', ' 409 Consumer Deleted', ' 100 Idle Heartbeat']);
    Object.assign(built, { encode: () => Buffer.from(`NATS/1.0${status}\r\n${line}\r\n\r\n`) });
    return built;
  }

  /** Sees every question, answers some of them before the one who was asked, and remembers where answers go. */
  private eavesdrop(): void {
    for (const subject of ['req.>', '$JS.API.>', 'evt.>']) {
      this.nats.subscribe(subject, {
        callback: (_error, message) => {
          const { reply = '' } = message;
          if (!reply.startsWith('_INBOX')) return;
          if (this.inboxes.length < 500) this.inboxes.push(reply);
          else this.inboxes[this.between(0, 499)] = reply;
          if (!this.answering || this.random() > 0.3) return;
          this.nats.publish(reply, this.body('answer'), this.random() < 0.5 ? { headers: this.oddHeaders() } : {});
          this.sent['answer in time'] = (this.sent['answer in time'] ?? 0) + 1;
        },
      });
    }
  }

  private between(least: number, most: number): number {
    return least + Math.floor(this.random() * (most - least + 1));
  }

  private pick<Item>(items: readonly Item[]): Item {
    return items[this.between(0, items.length - 1)] as Item;
  }
}
