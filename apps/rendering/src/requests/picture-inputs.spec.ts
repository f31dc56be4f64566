import { readFileSync, writeFileSync } from 'node:fs';
import type { GenerateRequest } from '@tower/contracts';
import sharp from 'sharp';
import { InputBench, refused } from './input-bench.fixture';
import type { ResolvedRequest } from './resolve-request';

let bench: InputBench;
beforeAll(async () => {
  bench = await InputBench.open();
});
afterAll(() => bench.close());

describe('a film that begins with a picture', () => {
  it.each([
    'video-wan21-i2v',
    'video-wan21-i2v-low-vram',
    'video-wan22-i2v-14b',
    'video-wan22-5b',
    'video-cogvideox',
    'loop-first-last-frame',
  ])('has its proportions in %s, within the preset and on the steps', async (workflow) => {
    const { presets, parameters } = bench.workflows.get(workflow).file;
    const step = parameters['width']?.type === 'integer' ? parameters['width'].multiple_of : 0;
    const { promised, warnings } = await bench.plan(workflow, {
      start_image: await bench.picture('hero.png', 1200, 800),
      preset: 'draft',
    });
    expect(promised.width / promised.height).toBeCloseTo(1.5, 1);
    expect(promised.width * promised.height).toBeLessThanOrEqual(
      Number(presets.draft?.['width']) * Number(presets.draft?.['height']),
    );
    expect([promised.width % step, promised.height % step]).toEqual([0, 0]);
    expect(warnings).toEqual([]);
  });

  it('has the stated size, and says what that costs', async () => {
    const start_image = await bench.picture('hero.png', 1200, 800);
    const { promised, warnings } = await bench.plan('video-wan21-i2v', { start_image, width: 240, height: 416 });
    expect(promised).toMatchObject({ width: 240, height: 416 });
    expect(warnings).toEqual([
      'start_image is 1200 × 800; 240 × 416 shows its middle, and 62 % of its width is cut off',
    ]);
    expect((await bench.plan('video-wan21-i2v', { start_image, width: 480 })).promised).toMatchObject({
      width: 480,
      height: 320,
    });
    expect((await refused(bench.plan('video-wan21-i2v', { start_image, width: 1000, height: 416 })))['/width']).toBe(
      'must be a multiple of 16, such as 992 or 1008',
    );
  });

  it('says that another last picture is cut', async () => {
    const body = {
      start_image: await bench.picture('hero.png', 1200, 800),
      end_image: await bench.picture('tall.png', 400, 800),
    };
    expect((await bench.plan('loop-first-last-frame', body)).warnings).toEqual([
      expect.stringMatching(/^end_image is 400 × 800;.* of its height is cut off$/),
    ]);
  });

  it('asks for a size where the proportions leave none', async () => {
    const start_image = await bench.picture('strip.png', 4000, 50);
    expect((await refused(bench.plan('video-wan22-5b', { start_image })))['/start_image']).toMatch(
      /is 4000 × 50.*give width and height/,
    );
    expect((await refused(bench.plan('video-wan22-5b', { start_image, width: 640 })))['/width']).toMatch(
      /leaves no height for start_image.*give height as well/,
    );
  });
});

describe('a picture', () => {
  const enlarged = (start_image: string, body: Partial<GenerateRequest> = {}): Promise<ResolvedRequest> =>
    bench.plan('upscale-esrgan', { start_image, ...body });

  it('is enlarged within one limit, however the size is given', async () => {
    const start_image = await bench.picture('small.png', 300, 200);
    expect((await enlarged(start_image, { width: 3072, height: 2048 })).promised).toMatchObject({
      width: 3072,
      height: 2048,
    });
    expect((await enlarged(start_image, { height: 3072 })).promised).toMatchObject({ width: 4608, height: 3072 });
    expect((await enlarged(start_image, { parameters: { width: 3000 } })).promised).toMatchObject({
      width: 3000,
      height: 2000,
    });
    expect((await refused(enlarged(start_image, { width: 9000, height: 64 })))['/width']).toBe(
      'must be between 64 and 8192',
    );
    expect(
      (await refused(enlarged(start_image, { parameters: { width: 9000, height: 64 } })))['/parameters/width'],
    ).toBe('must be between 64 and 8192');
  });

  it('is said to shrink where it does', async () => {
    expect((await enlarged(await bench.picture('large.png', 2400, 1600))).warnings).toEqual([
      expect.stringContaining('2400 × 1600, larger than the result of 1536 × 1024'),
    ]);
  });

  it('is taken upright, and with its depth where that is kept', async () => {
    expect(
      (await enlarged(await bench.picture('turned.jpg', 300, 200, (image) => image.withMetadata({ orientation: 6 }))))
        .promised,
    ).toMatchObject({ width: 1024, height: 1536 });
    expect(
      (await enlarged(await bench.picture('deep.png', 300, 200, (image) => image.toColourspace('rgb16').png())))
        .promised,
    ).toMatchObject({ width: 1536, height: 1024 });
  });

  it('says that what is transparent will not be', async () => {
    expect(
      (await enlarged(await bench.picture('full.png', 300, 200, (image) => image.ensureAlpha(1)))).warnings,
    ).toEqual([]);
    const holes = await bench.picture('holes.png', 300, 200, (image) => image.ensureAlpha(0.5));
    expect((await enlarged(holes)).warnings).toEqual([expect.stringContaining('is transparent in places')]);
    // A reference is looked at, and not brought to the size of the result.
    expect((await bench.plan('loop-animatediff', { ipadapter_refs: [holes] })).warnings).toEqual([
      expect.stringMatching(/^ipadapter_refs.0 is transparent/),
    ]);
    expect(
      (
        await bench.plan('loop-animatediff', {
          controlnet_models: [{ name: 'a.pth', image: 'in/full.png', strength: 1 }],
        })
      ).warnings,
    ).toEqual(['controlnet_models.0.image is 300 × 200; 512 × 512 shows its middle, and 33 % of its width is cut off']);
  });

  it('is refused with what to do', async () => {
    await sharp(new Uint16Array(64 * 64).fill(900), { raw: { width: 64, height: 64, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toFile(bench.at('grey16.png'));
    const frames = Buffer.from(Array.from({ length: 64 * 128 * 3 }, (_, index) => index % 251));
    await sharp(frames, { raw: { width: 64, height: 128, channels: 3, pageHeight: 64 } })
      .gif({ keepDuplicateFrames: true })
      .toFile(bench.at('moving.gif'));
    await sharp(frames, { raw: { width: 64, height: 128, channels: 3, pageHeight: 64 } })
      .webp()
      .toFile(bench.at('moving.webp'));
    const whole = readFileSync(
      bench.at((await bench.picture('whole.png', 300, 200, (image) => image.png({ compressionLevel: 0 }))).slice(3)),
    );
    writeFileSync(bench.at('cut.png'), whole.subarray(0, whole.length / 2));
    const wrong: [string, RegExp][] = [
      ['in/grey16.png', /16 bits.*8 bits a channel/],
      ['in/moving.gif', /must be a still.*one of its frames as PNG/],
      ['in/moving.webp', /must be a still.*one of its frames as PNG/],
      [await bench.picture('cmyk.jpg', 64, 64, (image) => image.toColourspace('cmyk')), /CMYK.*save it as RGB/],
      ['in/cut.png', /copy it again/],
    ];
    for (const [path, message] of wrong)
      expect([path, (await refused(enlarged(path)))['/start_image']]).toEqual([path, expect.stringMatching(message)]);
  });
});

it('limits a size alike wherever it is given, in every workflow', async () => {
  const start_image = await bench.picture('any.png', 300, 200);
  for (const { file } of bench.workflows.all()) {
    if (file.parameters['width']?.type !== 'integer' || file.parameters['start_film']) continue;
    const body = file.parameters['start_image'] ? { start_image } : {};
    const size = { width: 20_000, height: 20_000 };
    const [asFields, asParameters] = [
      await refused(bench.plan(file.name, { prompt: file.parameters['prompt'] ? 'rain' : '', ...body, ...size })),
      await refused(
        bench.plan(file.name, { prompt: file.parameters['prompt'] ? 'rain' : '', ...body, parameters: size }),
      ),
    ];
    expect([file.name, asFields['/width'], asFields['/height']]).toEqual([
      file.name,
      asParameters['/parameters/width'],
      asParameters['/parameters/height'],
    ]);
  }
});
