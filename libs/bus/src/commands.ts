import { commandEnvelope, maxQuestionBytes, nestPacket, type CommandEnvelope } from '@tower/contracts';
import { AppError, fieldErrorsOf, shorten, toAppError } from '@tower/kit';
import { z } from 'zod';
import type { MessagePlace } from './delivery';

/** A command that comes to nothing, as far as it could be read. */
export interface RefusedCommand {
  /** The subject without `cmd.`; nobody may know such a command. */
  readonly type: string;
  /** Of the publisher; undefined where there is none that is a UUID. */
  readonly id: string | undefined;
  /** What stood in its place otherwise. */
  readonly givenId: string | undefined;
  readonly place: MessagePlace | undefined;
  readonly error: AppError;
}

/** Characters of an id that is none. */
const shownIdLength = 200;
/** Characters in which an id is looked for when the message is not JSON. */
const searchedLength = 64 * 1024;

const nestExample = 'client.emit(subject, { id: randomUUID(), data: {…} })';

const isUuid = (value: unknown): value is string => z.uuid().safeParse(value).success;

/**
 * The envelope of a command: `{"id", "data"}`, alone or as the data of NestJS's packet, which its client puts around
 * whatever it emits. Throws `command_malformed`.
 */
export function parseCommand(raw: unknown): CommandEnvelope<unknown> {
  const packet = nestPacket.safeParse(raw);
  const result = commandEnvelope.safeParse(packet.success ? packet.data.data : raw);
  if (result.success) return result.data;
  // Whoever gives the packet itself a UUID has an id for the command.
  const outer = packet.success ? commandEnvelope.safeParse(raw) : undefined;
  if (outer?.success === true) return outer.data;
  const form = '{"id": "<uuid>", "data": {…}}';
  const message = packet.success
    ? `this is a packet of NestJS, and a command needs ${form} as its data: ${nestExample}`
    : `a command needs ${form}`;
  throw new AppError('invalid', 'command_malformed', message, { fields: fieldErrorsOf(result.error.issues) });
}

/** Throws `command_too_large`. */
export function assertCommandSize(bytes: number): void {
  if (bytes > maxQuestionBytes)
    throw new AppError(
      'too_large',
      'command_too_large',
      `the command has ${bytes} bytes, and at most ${maxQuestionBytes} are taken`,
    );
}

const listed = (names: readonly string[]): string =>
  [names.slice(0, -1).join(', '), ...names.slice(-1)].filter((part) => part !== '').join(' and ');

export const unknownCommand = (type: string, known: readonly string[]): AppError =>
  new AppError(
    'not_found',
    'command_unknown',
    `there is no command ${shorten(type, shownIdLength)}; known are ${listed(known)}`,
  );

/** `tries`: how often it was handled in vain, when that is why it is given up. */
export function refusedCommand(
  subject: string,
  text: string,
  place: MessagePlace | undefined,
  thrown: unknown,
  tries: number,
): RefusedCommand {
  const found = idIn(text);
  const known = toAppError(thrown);
  const again = tries > 1 ? `; it was tried ${tries} times` : '';
  const error = new AppError(known.kind, known.code, `${known.message}${again}`, known.options);
  const given =
    found === undefined || isUuid(found)
      ? undefined
      : shorten(typeof found === 'string' ? found : JSON.stringify(found), shownIdLength);
  return {
    type: shorten(subject.replace(/^cmd\./, ''), shownIdLength),
    id: isUuid(found) ? found : undefined,
    givenId: given,
    place,
    error,
  };
}

/** What stands where the id should, also in half a message. */
function idIn(text: string): unknown {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return /"id"\s*:\s*"([^"]{1,200})"/.exec(text.slice(0, searchedLength))?.[1];
  }
  const idOf = (value: unknown): unknown =>
    typeof value === 'object' && value !== null ? (value as { id?: unknown }).id : undefined;
  const packet = nestPacket.safeParse(raw);
  return (packet.success ? idOf(packet.data.data) : undefined) ?? idOf(raw) ?? undefined;
}
