import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { readPngTexts } from './png-text';

const folder = mkdtempSync(join(tmpdir(), 'tower-png-'));
afterAll(() => rmSync(folder, { recursive: true }));

const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
const latin = (text: string): Buffer => Buffer.from(text, 'latin1');
const plain = (keyword: string, text: string): Buffer => chunk('tEXt', latin(`${keyword}\0${text}`));
const packed = (keyword: string, text: string): Buffer =>
  chunk('zTXt', Buffer.concat([latin(`${keyword}\0\0`), deflateSync(latin(text))]));
const worldly = (keyword: string, text: string, isPacked: boolean): Buffer => {
  const bytes = Buffer.from(text, 'utf8');
  const head = latin(`${keyword}\0${isPacked ? '\x01' : '\0'}\0ja\0`);
  return chunk('iTXt', Buffer.concat([head, Buffer.from('題\0'), isPacked ? deflateSync(bytes) : bytes]));
};
const end = chunk('IEND', Buffer.alloc(0));

function read(...pieces: Buffer[]): Promise<Record<string, string | null>> {
  const path = join(folder, 'a.png');
  writeFileSync(path, Buffer.concat(pieces));
  return readPngTexts(path, ['prompt', 'workflow'], 1_000).then((found) => Object.fromEntries(found));
}

describe('texts of a PNG', () => {
  it('are read in each of the three forms, before and behind the picture', async () => {
    const data = chunk('IDAT', Buffer.alloc(70_000, 7));
    expect(await read(signature, plain('prompt', 'é'), data, packed('workflow', 'w'), end)).toEqual({
      prompt: 'é',
      workflow: 'w',
    });
    expect(await read(signature, worldly('prompt', '夜', false), worldly('workflow', '汽車', true), end)).toEqual({
      prompt: '夜',
      workflow: '汽車',
    });
  });

  it('are those of an encoder that others use', async () => {
    const picture = sharp({ create: { width: 8, height: 8, channels: 3, background: '#336699' } });
    const path = join(folder, 'sharp.png');
    await picture
      .withExif({ IFD0: { Copyright: 'nobody' } })
      .png()
      .toFile(path);
    expect(await readPngTexts(path, ['prompt'], 1_000)).toEqual(new Map());
  });

  it.each([
    ['another keyword', [plain('Prompt', 'x'), plain('promp', 'x'), plain('', 'x')], {}],
    ['the second of one keyword', [plain('prompt', 'a'), plain('prompt', 'b')], { prompt: 'a' }],
    ['one behind the end', [end, plain('prompt', 'a')], {}],
    ['a keyword without end', [chunk('tEXt', latin('prompt'))], {}],
  ])('are not %s', async (_, pieces, found) => {
    expect(await read(signature, ...pieces, end)).toEqual(found);
  });

  it.each([
    ['too long', plain('prompt', 'x'.repeat(1_001))],
    ['far too long', plain('prompt', 'x'.repeat(100_000))],
    ['small and huge when unpacked', packed('prompt', 'x'.repeat(50_000_000))],
    ['packed as nobody can unpack', chunk('zTXt', latin('prompt\0\0nonsense'))],
  ])('are null where they are %s', async (_, piece) => {
    expect(await read(signature, piece, plain('workflow', 'w'), end)).toEqual({ prompt: null, workflow: 'w' });
  });

  it.each([
    ['no PNG', [latin('hello')]],
    ['nothing', []],
    ['a signature alone', [signature]],
  ])('of %s are none', async (_, pieces) => {
    expect(await read(...pieces)).toEqual({});
  });

  it('of a file that is cut off are those before the cut', async () => {
    const cut = plain('workflow', 'w'.repeat(500)).subarray(0, 100);
    expect(await read(signature, plain('prompt', 'a'), cut)).toMatchObject({ prompt: 'a' });
  });
});
