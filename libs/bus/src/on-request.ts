import { Logger } from '@nestjs/common';
import { MessagePattern, Transport } from '@nestjs/microservices';
import { maxAnswerBytes, type InputOf, type OutputOf, type RequestDefinition } from '@tower/contracts';
import { AppError, fieldErrorsOf, requireInTime, toAppError } from '@tower/kit';
import { toDatabaseError } from '@tower/db';
import { Answering } from './answering';
import { tooLargeAnswer } from './question-server';
import { toErrorReply, type Reply } from './reply';

/** One for all questions that this process answers. */
const answering = new Answering();

/**
 * Answers a request over core NATS. Input and output are checked against the definition; errors travel with kind and
 * code. An answer of more than `maxAnswerBytes` is replaced by the error `answer_too_large`.
 */
export function OnRequest<const Definition extends RequestDefinition>(definition: Definition) {
  return <Handler extends (input: InputOf<Definition>) => Promise<OutputOf<Definition>>>(
    target: object,
    key: string,
    descriptor: TypedPropertyDescriptor<Handler>,
  ): void => {
    const handler = descriptor.value;
    if (handler === undefined) throw new Error('only methods can be handlers');
    const answer = async function (this: unknown, raw: unknown): Promise<Reply> {
      try {
        const input = parse(definition, raw);
        const work = async (): Promise<OutputOf<Definition>> => {
          // It may have waited for its turn.
          requireInTime();
          return definition.output.parse(await handler.call(this, input)) as OutputOf<Definition>;
        };
        return measured(definition, await answering.run(definition, input, work));
      } catch (thrown) {
        const error = toDatabaseError(thrown);
        if (toAppError(error).kind === 'internal')
          Logger.error(
            `answering ${definition.subject}: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
            thrown instanceof Error ? thrown.stack : undefined,
            'requests',
          );
        return toErrorReply(error);
      }
    };
    descriptor.value = answer as unknown as Handler;
    MessagePattern(definition.subject, Transport.NATS)(target, key, descriptor);
  };
}

/** Lists end their pages before this; what is too large all the same is a mistake of ours that has to be seen. */
function measured(definition: RequestDefinition, value: unknown): Reply {
  const bytes = Buffer.byteLength(JSON.stringify(value) ?? '');
  if (bytes <= maxAnswerBytes) return { ok: true, value };
  Logger.error(
    `answering ${definition.subject}: ${bytes} bytes are more than the ${maxAnswerBytes} of one answer`,
    undefined,
    'requests',
  );
  return tooLargeAnswer(bytes, maxAnswerBytes);
}

function parse<Definition extends RequestDefinition>(definition: Definition, raw: unknown): InputOf<Definition> {
  const result = definition.input.safeParse(raw);
  if (result.success) return result.data as InputOf<Definition>;
  throw new AppError('invalid', 'request_malformed', `not a valid ${definition.subject}`, {
    fields: fieldErrorsOf(result.error.issues),
  });
}
