import { readFileSync, writeFileSync } from 'node:fs';
import { findFfmpeg } from '@tower/imaging';
import { itNeeds } from '@tower/testing';
import { InputBench, moving, refused, tone } from './input-bench.fixture';

let bench: InputBench;
beforeAll(async () => {
  bench = await InputBench.open();
});
afterAll(() => bench.close());

const withFfmpeg = itNeeds(findFfmpeg(), 'ffmpeg');

describe('a film that gets frames in between', () => {
  withFfmpeg.each(['854x480', '426x240', '1366x768'])('keeps its size of %s', async (size) => {
    const { promised, warnings } = await bench.smooth(bench.film(`${size}.mp4`, size));
    expect(`${promised.width}x${promised.height}`).toBe(size);
    expect([promised.frames, promised.fps, warnings]).toEqual([16, 16, []]);
  });

  withFfmpeg('of odd sides comes out even, and says so', async () => {
    const { promised, warnings } = await bench.smooth(
      bench.film('odd.mp4', '481x271', '-c:v', 'libx264', '-pix_fmt', 'yuv444p'),
    );
    expect(promised).toMatchObject({ width: 480, height: 270 });
    expect(warnings).toEqual([expect.stringContaining('481 × 271; the result is 480 × 270')]);
  });

  withFfmpeg('keeps its proportions when one side is stated, and loses its sides when both are', async () => {
    const start_film = bench.film('wide.mp4', '256x128');
    expect((await bench.smooth(start_film, { height: 64 })).promised).toMatchObject({ width: 128, height: 64 });
    const cut = await bench.smooth(start_film, { parameters: { width: 128, height: 128 } });
    expect(cut.promised).toMatchObject({ width: 128, height: 128 });
    expect(cut.warnings).toEqual([expect.stringContaining('50 % of its width is cut off')]);
  });

  withFfmpeg('has no more frames than it has', async () => {
    const start_film = bench.film('short.mp4');
    expect(await refused(bench.smooth(start_film, { frame_count: 60 }))).toEqual({
      '/frame_count': 'must be at most 8: start_film has 8 frames',
    });
    expect(await refused(bench.smooth(start_film, { parameters: { frame_count: 60 } }))).toHaveProperty(
      '/parameters/frame_count',
    );
    const part = await bench.smooth(start_film, { frame_count: 6 });
    expect(part.promised).toMatchObject({ frames: 12, fps: 16 });
    expect(part.warnings).toEqual([
      'the first 6 of the 8 frames of parameters.start_film are read',
      'parameters.start_film lasts 1 s and the result 0.75 s',
    ]);
  });

  withFfmpeg('may have more frames than are read only when somebody says how many', async () => {
    const start_film = bench.make('long.mp4', ...moving('64x64', 60, 10), '-c:v', 'mpeg4');
    expect((await refused(bench.smooth(start_film)))['/parameters/start_film']).toMatch(
      /has 600 frames.*512 at most are read: give frame_count/,
    );
    expect((await bench.smooth(start_film, { frame_count: 500 })).promised).toMatchObject({ frames: 1000, fps: 120 });
    expect(
      (await refused(bench.smooth(start_film, { frame_count: 500, parameters: { interpolation: 3 } })))[
        '/parameters/start_film'
      ],
    ).toMatch(/180 frames per second.*1 to 120: give fps/);
    expect(
      (await refused(bench.smooth(start_film, { frame_count: 512, fps: 60, parameters: { interpolation: 8 } })))[
        '/frame_count'
      ],
    ).toMatch(/4096 frames; Tower reads 4000 at most/);
  });

  withFfmpeg('keeps its sound at its own pace, and says why when it cannot', async () => {
    const start_film = bench.make('sound.mp4', ...moving('96x64'), ...tone, '-c:v', 'mpeg4', '-c:a', 'aac');
    expect(await bench.smooth(start_film)).toMatchObject({
      promised: { sound: true, frames: 16, fps: 16 },
      values: { sound: true },
      warnings: [],
    });
    const slow = await bench.smooth(start_film, { fps: 8 });
    expect(slow.promised.sound).toBe(false);
    expect(slow.warnings).toEqual([
      expect.stringContaining('lasts 1 s and the result 2 s'),
      expect.stringMatching(/sound of .* is left out: at 8 frames per second.*give 16/),
    ]);
    expect((await bench.smooth(start_film, { parameters: { sound: false } })).promised.sound).toBe(false);
    const round = bench.make(
      'round.mkv',
      ...moving('96x64'),
      ...tone,
      '-ac',
      '6',
      '-c:v',
      'mpeg4',
      '-c:a',
      'pcm_s16le',
    );
    expect(await bench.smooth(round)).toMatchObject({
      promised: { sound: false },
      warnings: [expect.stringMatching(/left out: its channels are 5.1.*-ac 2/)],
    });
    const two = bench.make(
      'two.mkv',
      ...moving('96x64'),
      ...tone,
      ...tone,
      '-map',
      '0',
      '-map',
      '1',
      '-map',
      '2',
      '-c:v',
      'mpeg4',
      '-c:a',
      'pcm_s16le',
    );
    expect(await bench.smooth(two)).toMatchObject({
      promised: { sound: false },
      warnings: [expect.stringMatching(/left out: it has 2 tracks/)],
    });
    expect((await bench.smooth(bench.film('silent.mp4'))).promised.sound).toBe(false);
  });

  withFfmpeg('that is shown turned keeps the size that is seen', async () => {
    const turned = bench.make(
      'turned.mp4',
      '-i',
      bench.at(bench.film('lying.mp4').slice(3)),
      '-c',
      'copy',
      '-metadata:s:v:0',
      'rotate=90',
    );
    expect((await bench.smooth(turned)).promised).toMatchObject({ width: 64, height: 96 });
  });

  withFfmpeg('may be of ten bits, with holes, and NTSC', async () => {
    expect(
      (await bench.smooth(bench.film('ten.mp4', '96x64', '-c:v', 'libx264', '-pix_fmt', 'yuv420p10le'))).promised,
    ).toMatchObject({ width: 96, frames: 16 });
    expect(
      (
        await bench.smooth(
          bench.film('holes.webm', '96x64', '-vf', 'format=yuva420p', '-c:v', 'libvpx-vp9', '-deadline', 'realtime'),
        )
      ).promised,
    ).toMatchObject({ width: 96, frames: 16 });
    expect(
      (
        await bench.smooth(
          bench.make(
            'ntsc.mp4',
            ...moving('96x64', 24, 1).map((arg) => arg.replace('r=24', 'r=24000/1001')),
            '-c:v',
            'mpeg4',
          ),
        )
      ).promised.fps,
    ).toBeCloseTo(47.952, 3);
  });

  withFfmpeg('is refused when it is none', async () => {
    const start_film = bench.film('plain.mp4');
    const whole = readFileSync(bench.at('plain.mp4'));
    writeFileSync(bench.at('cut.mp4'), whole.subarray(0, whole.length / 2));
    writeFileSync(bench.at('empty.mp4'), '');
    const variable = bench.make(
      'variable.mp4',
      ...moving('96x64', 8, 2),
      '-vf',
      "setpts='if(gt(N,7),N*2-7,N)/8/TB'",
      '-vsync',
      'vfr',
      '-c:v',
      'mpeg4',
    );
    const wrong: [string, RegExp][] = [
      [bench.make('a.gif', '-i', bench.at('plain.mp4')), /animated picture.*make it an MP4/],
      [bench.make('a.webp', '-i', bench.at('plain.mp4'), '-c:v', 'libwebp'), /animated picture.*make it an MP4/],
      [bench.make('a.apng', '-i', bench.at('plain.mp4'), '-f', 'apng'), /animated picture.*make it an MP4/],
      [await bench.picture('still.png', 96, 64), /this is a still/],
      [bench.make('one.mp4', ...moving('96x64'), '-frames:v', '1', '-c:v', 'mpeg4'), /this is a still/],
      [bench.make('heard.mp4', ...tone, '-c:a', 'aac'), /no film that can be read.*with pictures in them/],
      ['in/cut.mp4', /no film that can be read: the file has no video.* whole/],
      ['in/empty.mp4', /no film that can be read/],
      [variable, /for unequal times.*fps=24/],
      [bench.film('oblong.mp4', '96x64', '-vf', 'setsar=4/3', '-c:v', 'mpeg4'), /not square.*scale=iw\*sar/],
    ];
    for (const [path, message] of wrong) {
      const said = (await refused(bench.smooth(path)))['/parameters/start_film'];
      expect([path, said]).toEqual([path, expect.stringMatching(message)]);
      // Where the library lies is nobody's business.
      expect(said).not.toContain(bench.root);
    }
    expect((await refused(bench.plan('video-wan22-5b', { start_image: start_film })))['/start_image']).toMatch(
      /must be a picture; this is a film/,
    );
  });
});
