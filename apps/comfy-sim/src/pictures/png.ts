import { crc32 } from 'node:zlib';

const signatureLength = 8;
/** sharp adds others; PIL, whose files these imitate, does not. */
const keptChunks = new Set(['IHDR', 'IDAT', 'IEND']);

function* chunksOf(png: Buffer): Generator<{ type: string; whole: Buffer }> {
  let at = signatureLength;
  while (at < png.length) {
    const end = at + 12 + png.readUInt32BE(at);
    yield { type: png.toString('latin1', at + 4, at + 8), whole: png.subarray(at, end) };
    at = end;
  }
}

function textChunk(keyword: string, text: string): Buffer {
  const body = Buffer.concat([Buffer.from('tEXt', 'latin1'), Buffer.from(`${keyword}\0${text}`, 'latin1')]);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length - 4);
  const tail = Buffer.alloc(4);
  tail.writeUInt32BE(crc32(body));
  return Buffer.concat([head, body, tail]);
}

/** Puts `prompt` and the like behind the header, as the real SaveImage does. */
export function withText(png: Buffer, texts: ReadonlyMap<string, string>): Buffer {
  const out: Buffer[] = [png.subarray(0, signatureLength)];
  for (const { type, whole } of chunksOf(png)) {
    if (keptChunks.has(type)) out.push(whole);
    if (type === 'IHDR') out.push(...[...texts].map(([keyword, text]) => textChunk(keyword, text)));
  }
  return Buffer.concat(out);
}

export function readText(png: Buffer): Map<string, string> {
  const out = new Map<string, string>();
  for (const { type, whole } of chunksOf(png)) {
    if (type !== 'tEXt') continue;
    const body = whole.subarray(8, whole.length - 4);
    const split = body.indexOf(0);
    out.set(body.toString('latin1', 0, split), body.toString('latin1', split + 1));
  }
  return out;
}
