import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import type { Rgb } from '../picture';
import { noisePicture } from '../vectors/generated-pictures';
import { FilmRefusal } from './film-refusal';
import { ppmFrames } from './ppm-frames';

const ppm = ({ width, height, data }: Rgb): Buffer =>
  Buffer.concat([Buffer.from(`P6\n${width} ${height}\n255\n`), data]);
const limits = { maxPixels: 10_000 };

async function* inPieces(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0;
  for (let turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? bytes.length;
    await setImmediate();
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

const collect = async (chunks: AsyncIterable<Uint8Array>): Promise<Rgb[]> => {
  const frames: Rgb[] = [];
  for await (const frame of ppmFrames(chunks, limits)) frames.push(frame);
  return frames;
};

describe('the stream of frames', () => {
  const frames = [1, 2, 3].map((seed) => noisePicture(9, 7, seed));
  const whole = Buffer.concat(frames.map(ppm));

  it('gives the same frames however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 250 }), { minLength: 1, maxLength: 5 }), async (sizes) => {
        expect(await collect(inPieces(whole, sizes))).toEqual(frames);
      }),
      { numRuns: 30 },
    );
  });

  it('of nothing has no frames', async () => {
    expect(await collect(inPieces(Buffer.alloc(0), [1]))).toEqual([]);
  });

  it.each([
    ['undecodable', whole.subarray(0, whole.length - 1)],
    ['undecodable', Buffer.concat([whole, Buffer.from('P6\n9')])],
    ['undecodable', Buffer.from('RIFF something else entirely')],
    ['undecodable', Buffer.from(`P6\n${' '.repeat(100)}`)],
    ['too_many_pixels', Buffer.from('P6\n30000 30000\n255\n')],
    ['too_many_pixels', Buffer.from('P6\n0 5\n255\n')],
    ['size_changes', Buffer.concat([whole, ppm(noisePicture(7, 9, 4))])],
  ] as const)('is refused as %s, %#', async (reason, bytes) => {
    for (const size of [1, 17, bytes.length])
      await expect(collect(inPieces(bytes, [size]))).rejects.toMatchObject({ name: 'FilmRefusal', reason });
  });

  it('ends in frames or a refusal for any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.nat(whole.length), async (noise, at) => {
        const bytes = Buffer.concat([whole.subarray(0, at), noise, whole.subarray(at)]);
        await collect(inPieces(bytes, [64])).catch((error: unknown) => {
          if (!(error instanceof FilmRefusal)) throw error;
        });
      }),
      { numRuns: 100 },
    );
  });

  it('takes the next bytes only when the last frame was taken', async () => {
    let given = 0;
    const source = async function* (): AsyncGenerator<Buffer> {
      for (const frame of frames) {
        given += 1;
        await setImmediate();
        yield ppm(frame);
      }
    };
    const stream = ppmFrames(source(), limits);
    await stream.next();
    await setImmediate();
    expect(given).toBe(1);
    await stream.next();
    expect(given).toBe(2);
    await stream.return(undefined);
    expect(given).toBe(2);
  });
});
