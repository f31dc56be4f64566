import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseComfyFrame } from './comfy-frames';

/** Frames of a real server; of the JPEG ones only the first kilobyte. */
const recorded = (name: string): Buffer =>
  readFileSync(join(__dirname, '..', 'test-data', 'frames', `ws-binary-${name}.bin`));
const u32 = (...values: number[]): Buffer =>
  Buffer.concat(
    values.map((value) => Buffer.from([value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255])),
  );
const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]);

describe('parseComfyFrame', () => {
  it.each([
    ['type1-jpeg', 'image/jpeg', [0xff, 0xd8, 0xff], false],
    ['type1-png', 'image/png', [0x89, 0x50, 0x4e, 0x47], false],
    ['type4-jpeg', 'image/jpeg', [0xff, 0xd8, 0xff], true],
    ['type4-png', 'image/png', [0x89, 0x50, 0x4e, 0x47], true],
  ])('reads the recorded %s', (name, mediaType, magic, named) => {
    const frame = parseComfyFrame(recorded(name));
    if (frame?.kind !== 'preview') throw new Error('no preview');
    expect(frame.mediaType).toBe(mediaType);
    expect([...frame.image.subarray(0, magic.length)]).toEqual(magic);
    if (named)
      expect(frame).toMatchObject({
        promptId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        node: expect.any(String) as string,
      });
    else expect(frame).toMatchObject({ promptId: null, node: null });
  });

  it('finds the picture behind the header that VideoHelperSuite puts before it', () => {
    const header = Buffer.alloc(16);
    header.writeUInt8(2, 0);
    header.write('17', 1);
    expect(parseComfyFrame(Buffer.concat([u32(1, 1, 1, 4), header, jpeg]))).toEqual({
      kind: 'preview',
      mediaType: 'image/jpeg',
      promptId: null,
      node: '17',
      image: jpeg,
    });
  });

  it('reads text with its node', () => {
    expect(parseComfyFrame(Buffer.concat([u32(3, 2), Buffer.from('12Größe 512')]))).toEqual({
      kind: 'text',
      node: '12',
      text: 'Größe 512',
    });
  });

  it.each([
    ['an empty frame', Buffer.alloc(0)],
    ['half a header', u32(1)],
    ['an unknown event', u32(9, 1, 2)],
    ['a JPEG without its start', Buffer.concat([u32(1, 1), Buffer.alloc(64)])],
    ['text that is shorter than it says', Buffer.concat([u32(3, 99), Buffer.from('12')])],
    ['metadata that is longer than the frame', Buffer.concat([u32(4, 99), Buffer.from('{}')])],
    ['metadata that is no JSON', Buffer.concat([u32(4, 3), Buffer.from('{a}'), jpeg])],
    ['metadata without a kind of picture', Buffer.concat([u32(4, 2), Buffer.from('{}'), jpeg])],
  ])('makes nothing of %s', (_what, frame) => {
    expect(parseComfyFrame(frame)).toBeNull();
  });
});
