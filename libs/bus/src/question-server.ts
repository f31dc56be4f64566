import { ServerNats, type NatsOptions } from '@nestjs/microservices';
import { AppError, correlated, describeError, requireInTime, type Logger } from '@tower/kit';
import type { Msg, NatsConnection } from 'nats';
import { isObservable, lastValueFrom } from 'rxjs';
import type { BusMetrics } from './bus.metrics';
import { connectGuarded } from './guarded-connection';
import { readQuestion, type Question } from './question';
import { toErrorReply, type Reply } from './reply';

type Options = Required<NatsOptions>['options'];

/**
 * Nest's NATS transport for questions, with its two holes closed: taking a message and sending an answer cannot
 * reject, whatever came in or would go out. Every question with a reply address is answered; one that is malformed,
 * late, too large, or whose answer does not fit gets an error that says so. A question past its deadline is not
 * begun.
 */
export class QuestionServer extends ServerNats {
  constructor(
    private readonly settings: Options,
    private readonly log: Logger,
    private readonly metrics: BusMetrics,
  ) {
    super(settings);
  }

  override createNatsClient(): Promise<NatsConnection> {
    return connectGuarded(this.settings as Parameters<typeof connectGuarded>[0]);
  }

  /** Never rejects. */
  override async handleMessage(channel: string, message: Msg): Promise<void> {
    if (message.reply === undefined || message.reply === '') {
      this.log.debug({ subject: channel }, 'a question without an address for its answer');
      return;
    }
    let question: Question;
    try {
      question = readQuestion(message);
    } catch (error) {
      this.log.warn(
        { subject: channel, bytes: message.data.length },
        `a question was refused: ${describeError(error)}`,
      );
      this.metrics.answers.inc({ subject: channel, outcome: 'malformed' });
      this.reply(message, '', toErrorReply(error));
      return;
    }
    await this.answer(channel, message, question);
  }

  /** Never rejects. */
  private async answer(channel: string, message: Msg, { id, data, correlation }: Question): Promise<void> {
    await correlated(correlation, async () => {
      const startedAt = performance.now();
      let outcome: unknown;
      try {
        requireInTime();
        const handler = this.getHandlerByPattern(channel);
        if (handler === null) throw new AppError('internal', 'question_unknown', `nobody here answers ${channel}`);
        const result: unknown = await handler(data);
        outcome = isObservable(result) ? await lastValueFrom(result) : result;
      } catch (error) {
        if (!(error instanceof AppError)) this.log.error({ err: error, subject: channel }, 'answering a question');
        outcome = toErrorReply(error);
      }
      this.reply(message, id, outcome);
      this.metrics.answers.inc({ subject: channel, outcome: isRefusal(outcome) ? outcome.error.kind : 'answered' });
      const ms = Math.round(performance.now() - startedAt);
      this.log.info({ subject: channel, ms, ...(isRefusal(outcome) ? { code: outcome.error.code } : {}) }, 'answered');
    });
  }

  /** Never throws. Nest's wire format, which RequestClient reads. */
  private reply(message: Msg, id: string, reply: unknown): void {
    try {
      const body = encode(id, reply);
      const max = this.unwrap<NatsConnection>().info?.max_payload ?? Infinity;
      message.respond(body.length <= max ? body : encode(id, tooLargeAnswer(body.length, max)));
    } catch (error) {
      // The connection closes; who asked runs into its time-out, as with any message that is lost.
      this.log.warn({ subject: message.subject }, `an answer could not be sent: ${describeError(error)}`);
    }
  }
}

type Refusal = Extract<Reply, { ok: false }>;

const isRefusal = (reply: unknown): reply is Refusal =>
  typeof reply === 'object' && reply !== null && (reply as Partial<Refusal>).ok === false;

const encode = (id: string, reply: unknown): Buffer =>
  Buffer.from(JSON.stringify({ id, response: reply, isDisposed: true }));

export const tooLargeAnswer = (bytes: number, max: number): Reply =>
  toErrorReply(
    new AppError(
      'invalid',
      'answer_too_large',
      `the answer would have ${bytes} bytes, and at most ${max} fit into one; ask for ` +
        `less at once: a smaller limit, or a narrower filter`,
    ),
  );
