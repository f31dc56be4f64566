import { boundaryOf, formFile } from './form-file';

const head = 'Content-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n';
const form = (content: string, { fields = head, end = '--edge--\r\n' } = {}): Buffer =>
  Buffer.from(`--edge\r\n${fields}\r\n${content}\r\n${end}`, 'latin1');

async function* inPieces(bytes: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

async function read(bytes: Buffer, length = 7): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of formFile(inPieces(bytes, length), 'edge')) pieces.push(piece);
  return Buffer.concat(pieces).toString('latin1');
}

describe('a form with a file', () => {
  const tricky = 'a\r\n--edg\r\n-\r\n--\r\n\r\n--edgE\r\x00\xff\r\n';

  it('gives the bytes of the file, wherever the pieces are cut', async () => {
    const bytes = form(tricky);
    for (let length = 1; length <= bytes.length; length += 1) expect(await read(bytes, length)).toBe(tricky);
  });

  it.each([
    ['an empty file', form(''), ''],
    ['a head in other letters', form('x', { fields: 'content-disposition:form-data;name=file\r\n' }), 'x'],
    ['blank lines before it', Buffer.concat([Buffer.from('\r\n'), form('x')]), 'x'],
    ['something after it', form('x', { end: '--edge--\r\nand so on' }), 'x'],
  ])('takes %s', async (_, bytes, content) => {
    expect(await read(bytes)).toBe(content);
  });

  it.each([
    ['ends in the file', form('x').subarray(0, -12), 'ends too early'],
    ['ends in the head', form('x').subarray(0, 20), 'ends too early'],
    ['has two fields', form('x', { end: `--edge\r\n${head}\r\ny\r\n--edge--\r\n` }), 'more than one field'],
    ['has no field', Buffer.from('--edge--\r\n\r\n'), 'no field'],
    ['calls the field otherwise', form('x', { fields: head.replace('"file"', '"image"') }), 'called "image"'],
    ['encodes the file', form('x', { fields: `${head}Content-Transfer-Encoding: base64\r\n` }), 'encoded'],
    ['has a head without end', form('x', { fields: `X: ${'a'.repeat(20_000)}\r\n` }), 'too long'],
    ['begins with something else', Buffer.concat([Buffer.from('hello\r\n'), form('x')]), 'does not begin'],
  ])('is refused when it %s', async (_, bytes, why) => {
    await expect(read(bytes)).rejects.toMatchObject({
      code: 'upload_form_invalid',
      message: expect.stringContaining(why) as string,
    });
  });
});

describe('the boundary', () => {
  it.each([
    ['multipart/form-data; boundary=edge', 'edge'],
    ['Multipart/Form-Data;charset=utf-8; boundary="a b:c"', 'a b:c'],
    ['image/png', undefined],
    [undefined, undefined],
  ])('of %j is %j', (given, boundary) => {
    expect(boundaryOf(given)).toBe(boundary);
  });

  it.each(['multipart/form-data', 'multipart/form-data; boundary=', `multipart/form-data; boundary=${'a'.repeat(71)}`])(
    'is missing in %s',
    (given) => {
      expect(() => boundaryOf(given)).toThrow('names no boundary');
    },
  );
});
