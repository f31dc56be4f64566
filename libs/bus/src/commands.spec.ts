import { maxQuestionBytes } from '@tower/contracts';
import { AppError } from '@tower/kit';
import { assertCommandSize, parseCommand, refusedCommand, unknownCommand } from './commands';

const id = '0190a000-0000-7000-8000-000000000001';
const other = '0190a000-0000-7000-8000-000000000002';
const pattern = 'cmd.rendering.v1.request_job';
const data = { prompt: 'at the window' };

describe('the envelope of a command', () => {
  it.each<[string, unknown, unknown]>([
    ['alone', { id, data }, { id, data }],
    ['alone, with fields of others', { id, data, pattern: 7 }, { id, data }],
    ["as the data of NestJS's emit()", { pattern, data: { id, data } }, { id, data }],
    [
      "as the data of NestJS's send(), whose own id is no UUID",
      { pattern, data: { id, data }, id: 'f3a9c1' },
      { id, data },
    ],
    ['in a packet that has a UUID itself', { pattern, data, id }, { id, data }],
    ['with an id inside and outside', { pattern, data: { id, data }, id: other }, { id, data }],
  ])('is understood %s', (_, raw, expected) => {
    expect(parseCommand(raw)).toEqual(expected);
  });

  it.each<[string, unknown, RegExp]>([
    ['without an id', { data }, /^a command needs /],
    ['with a number for an id', { id: 7, data }, /^a command needs /],
    ['with an id that is no UUID', { id: 'job-7', data }, /^a command needs /],
    ['as a list', [], /^a command needs /],
    [
      "as NestJS's emit() of the data alone",
      { pattern, data },
      /packet of NestJS.*client\.emit\(subject, \{ id: randomUUID\(\)/,
    ],
    ["as NestJS's send() of the data alone", { pattern, data, id: 'f3a9c1' }, /packet of NestJS/],
    ["as NestJS's emit() of a text", { pattern, data: JSON.stringify({ id, data }) }, /packet of NestJS/],
  ])('is refused in words %s', (_, raw, words) => {
    expect(() => parseCommand(raw)).toThrow(
      expect.objectContaining({ code: 'command_malformed', message: expect.stringMatching(words) as string }) as Error,
    );
  });
});

describe('a command that comes to nothing', () => {
  const place = { stream: 'CMD_RENDERING', seq: 7, storedAtNanos: 1 };
  const refused = (text: string, tries = 1) =>
    refusedCommand(pattern, text, place, new AppError('invalid', 'command_malformed', 'words'), tries);

  it.each<[string, string, string | undefined, string | undefined]>([
    ['its id', JSON.stringify({ id, data: 7 }), id, undefined],
    ["that inside of NestJS's packet", JSON.stringify({ pattern, data: { id }, id: 'f3a9c1' }), id, undefined],
    ['what stands in its place', JSON.stringify({ id: 'job-7' }), undefined, 'job-7'],
    ['a number in its place', JSON.stringify({ id: 7 }), undefined, '7'],
    ['the id of half a message', `{"id": "${id}", "data": {"prom`, id, undefined],
    ['nothing where there is nothing', 'hello', undefined, undefined],
    ['nothing of null', 'null', undefined, undefined],
  ])('is known by %s', (_, text, found, given) => {
    expect(refused(text)).toMatchObject({ type: 'rendering.v1.request_job', id: found, givenId: given, place });
  });

  it('tells how often it was tried, and nothing endless', () => {
    expect(refused('{}', 8).error.message).toBe('words; it was tried 8 times');
    const long = refused(JSON.stringify({ id: 'x'.repeat(100_000) }));
    expect(long.givenId?.length).toBeLessThanOrEqual(200);
    expect(refusedCommand(`cmd.rendering.${'x'.repeat(5_000)}`, '', place, new Error('a bug'), 8)).toMatchObject({
      error: { kind: 'internal' },
    });
  });

  it('is named when nobody knows it, or it is too large', () => {
    const known = ['rendering.v1.cancel_job', 'rendering.v1.request_job'];
    expect(unknownCommand('rendering.v1.make_job', known)).toMatchObject({
      code: 'command_unknown',
      message: expect.stringContaining('known are rendering.v1.cancel_job and') as string,
    });
    expect(() => assertCommandSize(maxQuestionBytes)).not.toThrow();
    expect(() => assertCommandSize(maxQuestionBytes + 1)).toThrow(
      expect.objectContaining({ code: 'command_too_large' }) as Error,
    );
  });
});
