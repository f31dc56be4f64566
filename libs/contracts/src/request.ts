import { z } from 'zod';

export interface RequestDefinition<Input extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> {
  readonly kind: 'request';
  readonly subject: string;
  readonly owner: string;
  readonly input: Input;
  readonly output: Output;
  /** How long the asker waits, in milliseconds. */
  readonly timeoutMs: number;
  /** A repeat has the same effect as once; the asker may then ask again after a time-out. */
  readonly repeatable: boolean;
  /** Set where the question makes something new: the address at which a person finds out whether that happened. */
  readonly creates?: string | undefined;
}

/** Bytes of a question as it travels, and so of the largest body that a question carries. */
export const maxQuestionBytes = 1024 * 1024;
/** Bytes of an answer's value as JSON. Far below what the message server takes, so that an answer always fits. */
export const maxAnswerBytes = 512 * 1024;

export type InputOf<Definition extends RequestDefinition> = z.infer<Definition['input']>;
export type OutputOf<Definition extends RequestDefinition> = z.infer<Definition['output']>;

/** Declares a question to another service over core NATS; `<owner>.v<major>.<verb>_<noun>`. */
export function defineRequest<Input extends z.ZodType, Output extends z.ZodType>(
  name: string,
  input: Input,
  output: Output,
  options: { timeoutMs?: number; repeatable?: boolean; creates?: string } = {},
): RequestDefinition<Input, Output> {
  return {
    kind: 'request',
    subject: `req.${name}`,
    owner: name.slice(0, name.indexOf('.')),
    input,
    output,
    timeoutMs: options.timeoutMs ?? 5_000,
    repeatable: options.repeatable ?? true,
    creates: options.creates,
  };
}

/** Carries who asked and, for creates, the key that makes a repeat harmless. */
export const requestContext = z.object({
  correlationId: z.uuid(),
  /** Opaque; unique per caller and intent. */
  idempotencyKey: z.string().min(1).max(200).optional(),
});
export type RequestContext = z.infer<typeof requestContext>;
