// Real: sharp, ffmpeg and the files that they write.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { infrastructureKinds, type FileRef } from '@tower/comfyui';
import { findFfmpeg } from '@tower/imaging';
import { itNeeds } from '@tower/testing';
import sharp from 'sharp';
import { inspectOutput, OutputFault, type OutputFacts } from './inspect-output';
import { artifactsAmong, failureOf, failureOfFault, lackOf } from './promised-output';

const program = findFfmpeg();
const withFfmpeg = itNeeds(program, 'ffmpeg');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tower-output-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const at = (name: string): string => join(folder, name);
function film(name: string, source: string, ...codec: readonly string[]): string {
  const { status, stderr } = spawnSync(
    program!,
    ['-y', '-loglevel', 'error', '-f', 'lavfi', '-i', source, ...codec, at(name)],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
  return at(name);
}
const moving = 'testsrc=s=96x64:r=8:d=2';
const black = 'color=black:s=96x64:r=8:d=2';

async function picture(name: string, level: number, speckle = 0): Promise<string> {
  const data = Buffer.from(
    Array.from({ length: 48 * 32 * 3 }, (_, index) => (index % 97 === 0 ? level + speckle : level)),
  );
  await sharp(data, { raw: { width: 48, height: 32, channels: 3 } })
    .png()
    .toFile(at(name));
  return at(name);
}

describe('what an output is', () => {
  it('is found in a still: type by content, size, and no frames', async () => {
    await picture('a.jpg', 90);
    expect(await inspectOutput(at('a.jpg'), 1)).toMatchObject({
      mediaType: 'image/png',
      extension: 'png',
      width: 48,
      height: 32,
      frames: null,
      fps: null,
      durationSeconds: null,
      black: false,
    });
  });

  withFfmpeg.each([
    ['film.mp4', 'video/mp4', ['-c:v', 'mpeg4']],
    ['film.webm', 'video/webm', ['-c:v', 'libvpx', '-f', 'webm']],
    ['film.gif', 'image/gif', []],
  ] as const)('is found in %s by decoding all of it', async (name, mediaType, codec) => {
    film(name, moving, ...codec);
    const facts = await inspectOutput(at(name), 16);
    expect(facts).toMatchObject({
      mediaType,
      extension: name.slice(5),
      width: 96,
      height: 64,
      frames: 16,
      black: false,
    });
    expect(facts.fps).toBeCloseTo(8, 0);
    expect(facts.durationSeconds).toBeCloseTo(2, 0);
    expect(await sharp(facts.thumbnail).metadata()).toMatchObject({ format: 'webp', width: 96, height: 64 });
  });

  withFfmpeg('says whether there is sound', async () => {
    expect((await inspectOutput(film('mute.mp4', moving, '-c:v', 'mpeg4'), 16)).sound).toBe(false);
    expect(
      (
        await inspectOutput(
          film('heard.mp4', moving, '-f', 'lavfi', '-i', 'sine=d=2', '-c:v', 'mpeg4', '-c:a', 'aac'),
          16,
        )
      ).sound,
    ).toBe(true);
  });

  withFfmpeg('is a film whatever it is called', async () => {
    film('b.mp4', moving, '-c:v', 'mpeg4');
    writeFileSync(at('b.png'), readFileSync(at('b.mp4')));
    expect(await inspectOutput(at('b.png'), 16)).toMatchObject({ mediaType: 'video/mp4', extension: 'mp4' });
  });

  it('is black below the limit and not above', async () => {
    expect((await inspectOutput(await picture('black.png', 0), 1)).black).toBe(true);
    expect((await inspectOutput(await picture('nearly.png', 1, 1), 1)).black).toBe(true);
    expect((await inspectOutput(await picture('dark.png', 2), 1)).black).toBe(false);
    expect((await inspectOutput(await picture('stars.png', 0, 200), 1)).black).toBe(false);
  });

  withFfmpeg('of a film is black only when its first, middle and last frame are', async () => {
    expect((await inspectOutput(film('black.mp4', black, '-c:v', 'mpeg4'), 16)).black).toBe(true);
    expect((await inspectOutput(film('fade.mp4', moving, '-vf', 'fade=in:0:8', '-c:v', 'mpeg4'), 16)).black).toBe(
      false,
    );
  });

  it.each([
    ['empty', Buffer.alloc(0), 'empty'],
    ['prose', Buffer.from('<html>502</html>'), 'undecodable'],
  ])('is a fault when it is %s', async (name, bytes, reason) => {
    writeFileSync(at(name), bytes);
    await expect(inspectOutput(at(name), 1)).rejects.toMatchObject({ name: 'OutputFault', reason });
  });

  it('is a fault when a still is cut off', async () => {
    const whole = readFileSync(await picture('whole.png', 90, 100));
    writeFileSync(at('cut.png'), whole.subarray(0, whole.length - 20));
    await expect(inspectOutput(at('cut.png'), 1)).rejects.toMatchObject({ name: 'OutputFault', reason: 'truncated' });
  });

  withFfmpeg('is a fault when a film is cut off', async () => {
    const whole = readFileSync(film('whole.mp4', moving, '-c:v', 'mpeg4'));
    writeFileSync(at('cut.mp4'), whole.subarray(0, whole.length / 2));
    await expect(inspectOutput(at('cut.mp4'), 16)).rejects.toMatchObject({
      name: 'OutputFault',
      reason: 'undecodable',
    });
    writeFileSync(at('empty.mp4'), '');
    await expect(inspectOutput(at('empty.mp4'), 16)).rejects.toMatchObject({ reason: 'empty' });
  });
});

describe('what was promised', () => {
  const facts: OutputFacts = {
    mediaType: 'video/mp4',
    extension: 'mp4',
    width: 512,
    height: 512,
    frames: 16,
    fps: 8,
    durationSeconds: 2,
    sound: false,
    black: false,
    thumbnail: Buffer.alloc(0),
  };
  const promised = { width: 512, height: 512, frames: 16, fps: 8, sound: false };
  const still = { ...facts, frames: null, fps: null, durationSeconds: null, sound: null };
  const of = (found: OutputFacts, wanted: Parameters<typeof failureOf>[1] = promised) =>
    failureOf(found, wanted, { filename: 'x.mp4' }, 'rtx3060');

  it('is kept by a film that has it all', () => {
    expect(of(facts)).toBeUndefined();
    expect(of({ ...facts, fps: 8.333 })).toBeUndefined();
    expect(of(still, { ...promised, frames: 1, fps: null })).toBeUndefined();
  });

  it.each([
    [
      'another number of frames',
      { ...facts, frames: 14 },
      'outputs_missing',
      'output_wrong_frames',
      /14 frames instead of 16/,
    ],
    ['another size', { ...facts, width: 448 }, 'node_failed', 'output_wrong_size', /448 x 512 instead of 512 x 512/],
    ['another speed', { ...facts, fps: 16 }, 'node_failed', 'output_wrong_speed', /16 frames per second instead of 8/],
    ['a still', still, 'node_failed', 'output_wrong_kind', /is a still.*promises a film of 16 frames/],
  ])('is broken by %s, and both are said', (_what, found, kind, code, message) => {
    // What is no chance is not rendered again on the same card, and does not take the card out of service.
    expect(of(found)).toMatchObject({ kind, error: { code, message: expect.stringMatching(message) as string } });
  });

  it('is broken by lost sound in a way that no further try would mend', () => {
    expect(of(facts, { ...promised, sound: true })).toBeUndefined();
    expect(lackOf(facts, { ...promised, sound: true }, 'a/b.mp4')).toBe(
      'a/b.mp4 has no sound: the nodes lost what was to be kept',
    );
    expect(lackOf({ ...facts, sound: true }, { ...promised, sound: true }, 'a/b.mp4')).toBeUndefined();
    expect(lackOf(facts, promised, 'a/b.mp4')).toBeUndefined();
  });

  it('is broken by black pictures in a way of its own', () => {
    expect(of({ ...facts, black: true })).toMatchObject({ kind: 'black_output', error: { code: 'output_black' } });
  });

  it('cannot be judged from a file that is not whole', () => {
    expect(
      failureOfFault(new OutputFault('empty', 'the file has no bytes'), { filename: 'x.mp4' }, 'rtx3060'),
    ).toMatchObject({
      kind: 'outputs_missing',
      error: { code: 'output_empty', message: 'x.mp4 from rtx3060: the file has no bytes' },
    });
  });

  it('blames no card for what this machine cannot decode', () => {
    const failure = failureOfFault(
      new OutputFault('no_decoder', 'ffmpeg does not run'),
      { filename: 'x.mp4' },
      'rtx3060',
    );
    expect(infrastructureKinds.has(failure.kind)).toBe(false);
    expect(failure.error).toMatchObject({
      code: 'output_no_decoder',
      hint: expect.stringContaining('on the machine of Tower') as string,
    });
  });
});

describe('the files of an attempt', () => {
  const file = (filename: string, subfolder = 'tower'): FileRef => ({ filename, subfolder, type: 'output' });

  it('are the films without the pictures beside them, and pictures where there are no films', () => {
    expect(artifactsAmong([file('a_00001.png'), file('a_00001.mp4')])).toEqual([file('a_00001.mp4')]);
    expect(artifactsAmong([file('a_00001_.png'), file('a_00002_.png')])).toHaveLength(2);
    expect(artifactsAmong([file('a.png', 'x'), file('a.mp4', 'y')])).toHaveLength(2);
  });
});
