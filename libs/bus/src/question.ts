import { maxQuestionBytes } from '@tower/contracts';
import { AppError, newId, readTraceparent, shorten, type Correlation } from '@tower/kit';
import { headers, type Msg, type MsgHdrs } from 'nats';
import { z } from 'zod';
import { headerOf } from './guarded-connection';

/**
 * Milliseconds since 1970 after which nobody waits for the answer. Asker and answerer are expected to agree on the
 * time to a second.
 */
export const deadlineHeader = 'Tower-Deadline';
export const correlationHeader = 'Correlation-Id';
const traceparentHeader = 'traceparent';

/** A question as it arrived: Nest's packet, and what the headers say about who asks. */
export interface Question {
  /** Comes back with the answer; unique per question, the same for its repeats. */
  readonly id: string;
  readonly data: unknown;
  readonly correlation: Correlation;
}

const packet = z.object({ id: z.string().min(1).max(200), data: z.unknown() });
const uuidForm = z.uuid();

export function questionHeaders({ correlationId, traceparent, deadline }: Correlation & { deadline: number }): MsgHdrs {
  const built = headers();
  built.set(deadlineHeader, String(Math.round(deadline)));
  built.set(correlationHeader, correlationId);
  if (traceparent !== undefined) built.set(traceparentHeader, traceparent);
  return built;
}

/** Who asks, as far as the headers say so in a form that can be trusted. A question without a deadline has none. */
function correlationOf(message: Msg): Correlation {
  const deadline = Number(headerOf(message, deadlineHeader) ?? Number.NaN);
  const given = uuidForm.safeParse(headerOf(message, correlationHeader));
  return {
    correlationId: given.success ? given.data : newId(),
    traceparent: readTraceparent(headerOf(message, traceparentHeader)),
    deadline: Number.isSafeInteger(deadline) ? deadline : undefined,
  };
}

/** Throws `question_too_large` or `question_malformed`. */
export function readQuestion(message: Msg): Question {
  const { data, subject } = message;
  if (data.length > maxQuestionBytes) throw tooLargeQuestion(data.length, maxQuestionBytes);
  const parsed = packet.safeParse(jsonOf(data));
  if (!parsed.success)
    throw new AppError(
      'invalid',
      'question_malformed',
      `what came on ${shorten(subject, 200)} is not a question: JSON with an id and data is expected`,
    );
  return { id: parsed.data.id, data: parsed.data.data, correlation: correlationOf(message) };
}

export const tooLargeQuestion = (bytes: number, max: number): AppError =>
  new AppError(
    'too_large',
    'question_too_large',
    `the request comes to ${bytes} bytes between the services, which take at most ${max}; send less at once`,
  );

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Undefined for what is not JSON in UTF-8. */
export function jsonOf(data: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(data));
  } catch {
    return undefined;
  }
}
