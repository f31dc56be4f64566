// Real: files and sharp. Pictures are made here.
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FilmRefusal, type FilmMotion, type FilmRefusalReason } from '@tower/imaging';
import sharp from 'sharp';
import { describeFindings, inspectFile, mayPass } from './findings';
import { LibraryReader } from './library-reader';

let root: string;
let noise: Buffer;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'tower-findings-'));
  mkdirSync(join(root, '.incoming'));
  noise = await sharp(randomBytes(48 * 32 * 3), { raw: { width: 48, height: 32, channels: 3 } })
    .png()
    .toBuffer();
});
afterAll(() => rmSync(root, { recursive: true }));

/** A still is never given to the meter of films. */
const noFilms = { measure: () => Promise.reject(new Error('this is no film')) };

/** Writes `bytes` where the artifact should be, rendered as `rendered`. */
function inspect(bytes: Buffer | undefined, rendered = bytes ?? noise) {
  rmSync(join(root, 'a.png'), { force: true });
  if (bytes !== undefined) writeFileSync(join(root, 'a.png'), bytes);
  return inspectFile(new LibraryReader(root), noFilms, {
    path: 'a.png',
    mediaType: 'image/png',
    sha256: createHash('sha256').update(rendered).digest('hex'),
  });
}

describe('what is found at an artifact’s place', () => {
  it('is measured when it is the picture that was rendered', async () => {
    const findings = await inspect(noise);
    expect(findings).toMatchObject({ state: 'decoded', width: 48, height: 32 });
    expect(findings.state === 'decoded' && findings.levels.all.std).toBeGreaterThan(60);
  });

  it('may still come right when it is missing, half there or another file', async () => {
    for (const bytes of [undefined, noise.subarray(0, 700), Buffer.alloc(0), randomBytes(noise.length)]) {
      const findings = await inspect(bytes, noise);
      expect(mayPass(findings)).toBe(true);
    }
    expect(await inspect(noise.subarray(0, 700), noise)).toMatchObject({ state: 'altered', bytes: 700 });
  });

  it.each([
    ['cut off before it was hashed', () => noise.subarray(0, 700), { state: 'undecodable', containerIntact: false }],
    ['empty', () => Buffer.alloc(0), { state: 'undecodable', containerIntact: false }],
    ['no picture', () => Buffer.from('<html>502 Bad Gateway</html>'), { state: 'undecodable', containerIntact: false }],
    [
      'an SVG',
      () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
      { state: 'undecodable' },
    ],
  ])('will not come right when it is %s', async (_, bytes, expected) => {
    const findings = await inspect(bytes());
    expect(findings).toMatchObject(expected);
    expect(mayPass(findings)).toBe(false);
  });

  it('is no still when it moves', async () => {
    const frames = await sharp(randomBytes(16 * 32 * 3), {
      raw: { width: 16, height: 32, channels: 3, pageHeight: 16 },
    })
      .webp({ loop: 0 })
      .toBuffer();
    expect(await inspect(frames)).toMatchObject({
      state: 'undecodable',
      containerIntact: true,
      why: expect.stringContaining('animated') as string,
    });
  });

  it('is refused when it is larger than we care to decode', async () => {
    const vast = await sharp({ create: { width: 4097, height: 4097, channels: 3, background: '#123456' } })
      .png()
      .toBuffer();
    expect(await inspect(vast)).toMatchObject({
      state: 'undecodable',
      why: expect.stringContaining('too_many_pixels') as string,
    });
  });

  it('is not read when no picture of ours could be so large', async () => {
    expect(await inspect(Buffer.alloc(33 * 1024 * 1024))).toMatchObject({
      state: 'unmeasured',
      why: expect.stringContaining('34603008 bytes') as string,
    });
  });

  it('is damaged when a checksum is wrong although every pixel decodes', async () => {
    const broken = Buffer.from(noise);
    broken[broken.length - 1]! ^= 0xff;
    expect(await inspect(broken)).toMatchObject({ state: 'undecodable', containerIntact: false });
  });
});

describe('what is found at a film’s place', () => {
  const film = { facts: { frames: 16, width: 64, height: 48 } } as FilmMotion;
  const measuring = (
    measure: () => Promise<FilmMotion>,
    bytes: Buffer | undefined = noise,
    rendered: Buffer = noise,
  ) => {
    rmSync(join(root, 'a.mp4'), { force: true });
    if (bytes !== undefined) writeFileSync(join(root, 'a.mp4'), bytes);
    return inspectFile(
      new LibraryReader(root),
      { measure },
      {
        path: 'a.mp4',
        mediaType: 'video/mp4',
        sha256: createHash('sha256').update(rendered).digest('hex'),
        frames: 16,
      },
    );
  };
  const refusing = (reason: FilmRefusalReason) => measuring(() => Promise.reject(new FilmRefusal(reason, 'so it is')));

  it('is measured by the meter of films', async () => {
    const findings = await measuring(() => Promise.resolve(film));
    expect(findings).toEqual({ state: 'film', film });
    expect(describeFindings(findings)).toBe('decoded, 64 x 48, 16 frames');
  });

  it('may still come right when it is missing or another file', async () => {
    const missing = await inspectFile(new LibraryReader(root), noFilms, {
      path: 'none.mp4',
      mediaType: 'video/mp4',
      sha256: '0'.repeat(64),
    });
    expect(missing).toMatchObject({ state: 'absent', passing: true });
    expect(await measuring(() => Promise.resolve(film), noise.subarray(0, 9))).toMatchObject({
      state: 'altered',
      bytes: 9,
    });
  });

  it.each<[FilmRefusalReason, object]>([
    ['undecodable', { state: 'undecodable', containerIntact: false }],
    ['no_frames', { state: 'undecodable' }],
    ['no_decoder', { state: 'unmeasured', reason: 'decoder_missing' }],
    ['too_slow', { state: 'unmeasured', reason: 'over_budget' }],
  ])('that is refused as %s is told from one that was not looked at', async (reason, expected) => {
    const findings = await refusing(reason);
    expect(findings).toMatchObject(expected);
    expect(describeFindings(findings)).toContain(reason);
  });

  it('is not judged when measuring itself breaks', async () => {
    await expect(measuring(() => Promise.reject(new TypeError('a bug')))).rejects.toThrow('a bug');
  });
});
