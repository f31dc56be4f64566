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

function chunk(type: string, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), ...content]);
  return Buffer.concat([words(body.length - 4), body, words(crc32(body))]);
}

function words(...values: number[]): Buffer {
  const out = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => out.writeUInt32BE(value, index * 4));
  return out;
}

const textChunk = (keyword: string, text: string, type = 'tEXt'): Buffer =>
  chunk(type, Buffer.from(`${keyword}\0${text}`, 'latin1'));

/**
 * PNGs of one size and kind as the frames of one animated PNG; `loops` 0 plays for ever. Texts lie in `comf` chunks
 * behind the first picture, where ComfyUI puts them because PIL writes no texts into animations.
 */
export function animatedPng(
  frames: readonly Buffer[],
  { framesPerSecond, loops }: { readonly framesPerSecond: number; readonly loops: number },
  texts: ReadonlyMap<string, string>,
): Buffer {
  const [first] = frames;
  if (first === undefined) throw new Error('an animation needs a picture');
  const [width, height] = [first.readUInt32BE(16), first.readUInt32BE(20)];
  const header = [...chunksOf(first)].find(({ type }) => type === 'IHDR')?.whole ?? Buffer.alloc(0);
  const out = [first.subarray(0, signatureLength), header, chunk('acTL', words(frames.length, loops))];
  let sequence = 0;
  for (const [index, frame] of frames.entries()) {
    const delay = Buffer.alloc(6);
    delay.writeUInt16BE(Math.round(1000 / framesPerSecond));
    delay.writeUInt16BE(1000, 2);
    out.push(chunk('fcTL', words(sequence++, width, height, 0, 0), delay));
    for (const { type, whole } of chunksOf(frame)) {
      if (type !== 'IDAT') continue;
      out.push(index === 0 ? whole : chunk('fdAT', words(sequence++), whole.subarray(8, whole.length - 4)));
    }
    if (index === 0) out.push(...[...texts].map(([keyword, text]) => textChunk(keyword, text, 'comf')));
  }
  return Buffer.concat([...out, chunk('IEND')]);
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
