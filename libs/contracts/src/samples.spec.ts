import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as contracts from './index';
import { commandEnvelope, type CommandDefinition, type EventDefinition } from './event';

const folder = join(__dirname, '..', 'samples');
const files = readdirSync(folder);

const definitions = Object.values(contracts as Record<string, unknown>).filter(
  (value): value is EventDefinition | CommandDefinition =>
    typeof value === 'object' &&
    value !== null &&
    ['event', 'command'].includes((value as { kind?: string }).kind ?? ''),
);

/** A further sample of one type adds a word: `<type>.<word>.json`. */
const filesOf = ({ type }: { type: string }): string[] =>
  files.filter((file) => file === `${type}.json` || (file.startsWith(`${type}.`) && file.endsWith('.json')));
const read = (file: string): unknown => JSON.parse(readFileSync(join(folder, file), 'utf8'));

/**
 * The promise that what was once published can still be read: samples are added and never edited, and each is parsed by
 * today's definition.
 */
describe('samples', () => {
  it.each(definitions.map((definition) => definition.type))('has one of %s', (type) => {
    expect(filesOf({ type })).not.toEqual([]);
  });

  it('has none of an unknown type', () => {
    const known = new Set(definitions.flatMap(filesOf));
    expect(files.filter((file) => !known.has(file))).toEqual([]);
  });

  it.each(files)('reads %s as what it says it is', (file) => {
    const definition = definitions.find((candidate) => filesOf(candidate).includes(file));
    if (definition?.kind === 'event') expect(definition.parse(read(file))).toMatchObject(read(file) as object);
    else {
      const { data } = commandEnvelope.parse(read(file));
      expect(definition?.schema.parse(data)).toMatchObject(data as object);
    }
  });
});
