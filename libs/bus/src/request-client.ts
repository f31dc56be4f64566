import { setTimeout as sleep } from 'node:timers/promises';
import { maxQuestionBytes, type InputOf, type OutputOf, type RequestDefinition } from '@tower/contracts';
import { AppError, currentCorrelation, newId, requireInTime, type Correlation } from '@tower/kit';
import { createInbox, Events, type ConnectionOptions, type Msg, type MsgHdrs, type NatsConnection } from 'nats';
import { z } from 'zod';
import { changesSomething, keyOf } from './answering';
import type { BusMetrics } from './bus.metrics';
import { natsOptions } from './connection';
import { connectGuarded } from './guarded-connection';
import { jsonOf, questionHeaders, tooLargeQuestion } from './question';
import { fromErrorReply, reply, type Reply } from './reply';
import { SharedQuestions } from './shared-questions';

/** Milliseconds before a question is asked again that nobody was there to hear. */
const againMs = 150;

/** One question, ready to be sent as often as it takes. */
interface Sending {
  readonly definition: RequestDefinition;
  readonly id: string;
  readonly body: Uint8Array;
  readonly headers: MsgHdrs;
}

/** What came of sending it once. `heard`: somebody may have begun to work on it. */
type Outcome = { answered: true; answer: unknown } | { answered: false; heard: boolean; why: string };

/**
 * Asks other services, with the question's own time-out. A repeatable question is asked again while nobody is there
 * to answer. Every question carries an id, the time at which nobody waits any more, and the request that it belongs
 * to.
 */
export class RequestClient {
  private readonly options: ConnectionOptions;
  private nats: NatsConnection | undefined;
  private connected = false;
  /** Told when the connection breaks: what was sent over it may never be answered. */
  private readonly lost = new Set<() => void>();
  private readonly shared = new SharedQuestions();

  constructor(
    url: string,
    service: string,
    private readonly metrics: BusMetrics,
  ) {
    this.options = natsOptions(url, `${service}-requests`, service);
  }

  async connect(): Promise<void> {
    this.nats = await connectGuarded(this.options);
    this.connected = true;
    void this.watch(this.nats);
  }

  /**
   * Throws the other side's AppError; `unavailable` when nobody answers in time; `outcome_unknown` when somebody may
   * have begun to make what was asked for; `question_too_large`; `answer_malformed` when what came back cannot be
   * understood. Equal looks share an answer, which is not to be changed.
   */
  ask<Definition extends RequestDefinition>(
    definition: Definition,
    input: InputOf<Definition>,
  ): Promise<OutputOf<Definition>> {
    if (changesSomething(definition)) return this.askAlone(definition, input);
    return this.shared.ask(keyOf(definition, input), (begin) => {
      begin();
      return this.askAlone(definition, input);
    });
  }

  private async askAlone<Definition extends RequestDefinition>(
    definition: Definition,
    input: InputOf<Definition>,
  ): Promise<OutputOf<Definition>> {
    const startedAt = performance.now();
    const correlation = correlationFor(definition, input);
    const sending = this.prepare(definition, input, correlation);
    requireInTime(correlation.deadline);
    let heard = false;
    for (;;) {
      const outcome = await this.once(sending, Math.max(50, correlation.deadline - Date.now()));
      if (outcome.answered) {
        this.count(definition, 'answered');
        this.metrics.requestSeconds.observe({ subject: definition.subject }, (performance.now() - startedAt) / 1000);
        return valueOf(definition, outcome.answer);
      }
      heard ||= outcome.heard;
      if (definition.repeatable && Date.now() + 200 < correlation.deadline) {
        await sleep(againMs);
        continue;
      }
      this.count(definition, 'unanswered');
      throw heard && definition.creates !== undefined
        ? unknownOutcome(definition, outcome.why)
        : nobodyThere(definition, outcome.why);
    }
  }

  async close(): Promise<void> {
    this.connected = false;
    await this.nats?.close();
  }

  private prepare(
    definition: RequestDefinition,
    input: unknown,
    correlation: Correlation & { deadline: number },
  ): Sending {
    const id = newId();
    const body = Buffer.from(JSON.stringify({ pattern: definition.subject, data: input, id }));
    const headers = questionHeaders(correlation);
    const max = Math.min(maxQuestionBytes, (this.nats?.info?.max_payload ?? maxQuestionBytes) - headerRoom);
    if (body.length > max) {
      this.count(definition, 'refused');
      throw tooLargeQuestion(body.length, max);
    }
    return { definition, id, body, headers };
  }

  /** Never rejects, and nothing that is thrown in here reaches the reader of the connection. */
  private once({ definition, id, body, headers }: Sending, waitMs: number): Promise<Outcome> {
    const { nats } = this;
    if (nats === undefined || !this.connected || nats.isClosed())
      return Promise.resolve({ answered: false, heard: false, why: 'the connection to the message server is down' });
    return new Promise((resolve) => {
      const inbox = createInbox(this.options.inboxPrefix);
      const settle = (outcome: Outcome): void => {
        clearTimeout(timer);
        this.lost.delete(onLost);
        subscription.unsubscribe();
        resolve(outcome);
      };
      const onLost = (): void =>
        settle({ answered: false, heard: true, why: 'the connection to the message server broke' });
      const timer = setTimeout(
        () => settle({ answered: false, heard: true, why: `no answer within ${Math.round(waitMs)} ms` }),
        waitMs,
      );
      const subscription = nats.subscribe(inbox, {
        callback: (error, message) => {
          if (error !== null) settle({ answered: false, heard: false, why: error.message });
          else if (isNobodyThere(message)) settle({ answered: false, heard: false, why: 'nobody listens' });
          else settle({ answered: true, answer: answerIn(message, id) });
        },
      });
      this.lost.add(onLost);
      try {
        nats.publish(definition.subject, body, { reply: inbox, headers });
      } catch (error) {
        settle({ answered: false, heard: false, why: (error as Error).message });
      }
    });
  }

  private count({ subject }: RequestDefinition, outcome: 'answered' | 'unanswered' | 'refused'): void {
    this.metrics.requests.inc({ subject, outcome });
  }

  private async watch(nats: NatsConnection): Promise<void> {
    for await (const { type } of nats.status()) {
      if (type === Events.Reconnect) this.connected = true;
      if (type !== Events.Disconnect) continue;
      this.connected = false;
      for (const tell of [...this.lost]) tell();
    }
  }
}

/** Bytes that are left for the headers, which count as payload. */
const headerRoom = 1024;

const context = z.object({ context: z.object({ correlationId: z.uuid() }) });

/** Whoever asks for somebody else asks in his name, and no longer than that one waits. */
function correlationFor(definition: RequestDefinition, input: unknown): Correlation & { deadline: number } {
  const current = currentCorrelation();
  const given = context.safeParse(input);
  return {
    correlationId: current?.correlationId ?? (given.success ? given.data.context.correlationId : newId()),
    traceparent: current?.traceparent,
    deadline: Math.min(Date.now() + definition.timeoutMs, current?.deadline ?? Infinity),
  };
}

/** The server's own word that nobody subscribes to the subject. */
function isNobodyThere(message: Msg): boolean {
  try {
    return message.data.length === 0 && message.headers?.code === 503;
  } catch {
    return false;
  }
}

const answerPacket = z.object({ id: z.string().optional(), response: reply });

/** The reply, or undefined for anything else. A refusal of a question that could not be read has an empty id. */
function answerIn(message: Msg, id: string): Reply | undefined {
  const parsed = answerPacket.safeParse(jsonOf(message.data));
  return parsed.success && (parsed.data.id === id || parsed.data.id === '') ? parsed.data.response : undefined;
}

function valueOf<Definition extends RequestDefinition>(definition: Definition, answer: unknown): OutputOf<Definition> {
  const given = answer as Reply | undefined;
  if (given === undefined) throw malformedAnswer(definition, undefined);
  if (!given.ok) throw fromErrorReply(given.error);
  const value = definition.output.safeParse(given.value);
  if (!value.success) throw malformedAnswer(definition, value.error);
  return value.data as OutputOf<Definition>;
}

const malformedAnswer = (definition: RequestDefinition, cause: unknown): AppError =>
  new AppError(
    'internal',
    'answer_malformed',
    `the ${definition.owner} service gave an answer to ${definition.subject} that ` +
      `is none; are all processes of the same version?`,
    { cause },
  );

const nobodyThere = ({ owner }: RequestDefinition, why: string): AppError =>
  new AppError(
    'unavailable',
    `${owner.replaceAll('-', '_')}_unavailable`,
    `the ${owner} service does not answer right now; try again in a moment`,
    { cause: why, retryAfterMs: 2_000 },
  );

const unknownOutcome = ({ owner, creates = '' }: RequestDefinition, why: string): AppError =>
  new AppError(
    'unavailable',
    'outcome_unknown',
    `the ${owner} service did not answer in time, so it is not known whether this was done. Repeat it with ` +
      `the same Idempotency-Key, which cannot make it twice, or look at ${creates}`,
    { cause: why, retryAfterMs: 2_000 },
  );
