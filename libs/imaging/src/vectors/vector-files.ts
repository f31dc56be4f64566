import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The repository's own copy of the golden values, made once with the original Python packages. */
const ownFolder = join(__dirname, '../../test-data/quality');

/**
 * `TOWER_VECTORS` points to another set of the same format: other seeds, other sizes, or a newer version of a package.
 */
const vectorsFolder = process.env['TOWER_VECTORS'] ?? ownFolder;

interface VectorFile {
  readonly name: string;
  readonly content: unknown;
}

/** Every JSON file that says which set it is; what it is called and how many there are of one set does not matter. */
const vectorFiles = (): VectorFile[] => {
  const folder = [join(vectorsFolder, 'vectors'), vectorsFolder].find(existsSync);
  if (folder === undefined) throw new Error(`TOWER_VECTORS: there is no folder ${vectorsFolder}`);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => ({ name, content: JSON.parse(readFileSync(join(folder, name), 'utf8')) as unknown }));
};

const setOf = (content: unknown): unknown =>
  typeof content === 'object' && content !== null && 'set' in content ? content.set : undefined;

/**
 * Registers the tests of every file of one set. The caller states the shape it relies on and gives empty lists as
 * defaults: a folder may hold a part of the sets, and a file a part of the lists.
 */
export function describeVectors<T>(set: string, body: (vectors: T) => void): void {
  const files = vectorFiles().filter(({ content }) => setOf(content) === set);
  // A skipped test is seen in the count; a silent absence would look like success.
  if (files.length === 0) it.skip(`${set}: no file of this set in TOWER_VECTORS`, () => undefined);
  for (const { name, content } of files)
    describe(files.length === 1 ? set : `${set} of ${name}`, () => {
      it('has its tolerance and its cases', () => expect(Object.keys(content as object).length).toBeGreaterThan(2));
      body(content as T);
    });
}

/** As `it.each`, which refuses an empty table. */
export const each = ((table: readonly unknown[]) =>
  table.length === 0 ? () => undefined : it.each(table)) as typeof it.each;

/**
 * In the folder of the vectors where it has the file, else in the repository's copy: graphs and inputs need not be
 * given twice.
 */
export function vectorPath(relative: string): string {
  const places = [join(vectorsFolder, relative), join(vectorsFolder, 'vectors', relative), join(ownFolder, relative)];
  return places.find(existsSync) ?? join(vectorsFolder, relative);
}

export interface BinaryReference {
  readonly bin: string;
  readonly dtype: 'u8' | '<f4';
  readonly shape: readonly number[];
}

export const readBytes = ({ bin }: BinaryReference): Uint8Array => readFileSync(vectorPath(bin));

export function readFloats({ bin }: BinaryReference): Float32Array {
  const bytes = readFileSync(vectorPath(bin));
  return Float32Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
}

/** The numbers that a rule of the vector files gives in words. @throws when the words are others */
export function numbersIn(text: string, pattern: RegExp): number[] {
  const found = pattern.exec(text);
  if (found === null) throw new Error(`the rule "${text}" is not of the form ${String(pattern)}`);
  return found.slice(1).map(Number);
}

/**
 * Key and value pairs that an ONNX file carries; the runtime does not show them. Protobuf field 14 of the outermost
 * message.
 */
export function onnxMetadata(relative: string): ReadonlyMap<string, string> {
  const pairs = fieldsOf(readFileSync(vectorPath(relative))).filter(({ field }) => field === 14);
  return new Map(
    pairs.map(({ bytes }) => {
      const text = (wanted: number): string =>
        fieldsOf(bytes)
          .find(({ field }) => field === wanted)
          ?.bytes.toString('utf8') ?? '';
      return [text(1), text(2)];
    }),
  );
}

/** The length-delimited fields of one message; numbers are passed over. */
function fieldsOf(message: Buffer): { readonly field: number; readonly bytes: Buffer }[] {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = message.readUInt8(at);
      at += 1;
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) return value;
    }
  };
  const fields: { readonly field: number; readonly bytes: Buffer }[] = [];
  while (at < message.length) {
    const key = varint();
    const wireType = key & 7;
    if (wireType === 0) varint();
    else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else {
      const length = varint();
      fields.push({ field: key >>> 3, bytes: message.subarray(at, at + length) });
      at += length;
    }
  }
  return fields;
}
