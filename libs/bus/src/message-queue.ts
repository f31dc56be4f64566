import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@tower/kit';
import type { JsMsg } from 'nats';
import type { BusMetrics } from './bus.metrics';
import { decide } from './delivery';

/** Milliseconds between tries while the database or the library is away. */
const holdMs = 1_000;
/** A database that stays away is worth a line every half minute. */
const holdsPerLine = 30;

/**
 * The messages of one consumer that have arrived and are not answered yet: a few in hand, the others waiting their
 * turn. All of them are extended together, also those that wait, so that a slow handler or a missing database does not
 * use up their deliveries.
 */
export class MessageQueue {
  private readonly waiting: JsMsg[] = [];
  /** By stream sequence: a message that comes again while it is here is the same one. */
  private readonly here = new Map<number, JsMsg>();
  private readonly inHand = new Set<Promise<void>>();
  /** No `Loop`: nothing is looked for here, and each message that is held waits for this by itself. */
  private readonly stopping = new AbortController();
  private readonly waitingForHands: (() => void)[] = [];

  constructor(
    private readonly stream: string,
    private readonly concurrency: number,
    /** Resolves to what the handler threw, or undefined. */
    private readonly handle: (message: JsMsg) => Promise<unknown>,
    private readonly metrics: BusMetrics,
    private readonly log: Logger,
  ) {}

  accept(message: JsMsg): void {
    if (this.here.has(message.seq)) return;
    if (this.stopping.signal.aborted) return message.nak();
    this.here.set(message.seq, message);
    this.waiting.push(message);
    this.takeUp();
  }

  /**
   * Resolves to how many more messages could be worked on at once, as soon as that is any; never while all hands stay
   * busy.
   */
  async freeHands(): Promise<number> {
    while (this.here.size >= this.concurrency) await new Promise<void>((resolve) => this.waitingForHands.push(resolve));
    return this.concurrency - this.here.size;
  }

  /** Tells the server that everything here is still being worked on. */
  extend(): void {
    for (const message of this.here.values()) message.working();
  }

  /** Gives back what waits, so that another process can have it at once, and finishes what is in hand. */
  async stop(): Promise<void> {
    this.stopping.abort();
    for (const message of this.waiting.splice(0)) {
      this.here.delete(message.seq);
      message.nak();
    }
    await Promise.all(this.inHand);
  }

  private takeUp(): void {
    while (this.inHand.size < this.concurrency) {
      const message = this.waiting.shift();
      if (message === undefined) return;
      const work: Promise<void> = this.settle(message)
        .catch((error: unknown) =>
          this.log.warn(
            { err: error, subject: message.subject, seq: message.seq },
            'answering a message; it will come again',
          ),
        )
        .finally(() => {
          this.inHand.delete(work);
          this.here.delete(message.seq);
          this.takeUp();
          for (const resolve of this.waitingForHands.splice(0)) resolve();
        });
      this.inHand.add(work);
    }
  }

  private async settle(message: JsMsg): Promise<void> {
    const startedAt = performance.now();
    const { subject, seq } = message;
    const delivery = message.info.redeliveryCount;
    for (let holds = 0; ; holds++) {
      const thrown = await this.handle(message);
      const decision = decide(thrown, delivery);
      this.metrics.handled.inc({ stream: this.stream, outcome: decision.do });
      if (decision.do === 'hold') {
        if (holds % holdsPerLine === 0)
          this.log.warn({ subject, seq }, `holding until the database is back: ${decision.reason}`);
        await sleep(holdMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
        if (!this.stopping.signal.aborted) continue;
        message.nak();
      } else if (decision.do === 'ack') message.ack();
      else if (decision.do === 'retry') {
        const facts = { subject, seq, delivery, delayMs: decision.delayMs };
        if (decision.expected) this.log.warn(facts, `will retry: ${decision.reason}`);
        else this.log.error({ ...facts, err: thrown }, `will retry: ${decision.reason}`);
        message.nak(decision.delayMs);
      } else {
        this.log.error({ subject, seq, delivery, err: thrown }, `dead letter: ${decision.reason}`);
        message.term(decision.reason.slice(0, 500));
      }
      this.metrics.handleSeconds.observe({ stream: this.stream }, (performance.now() - startedAt) / 1000);
      return;
    }
  }
}
