import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findFfmpeg, findHolds, loopSeam, meanAbsoluteDifference, readFilm, type Rgb } from '@tower/imaging';
import { describeNeeds } from '@tower/testing';
import sharp from 'sharp';
import { startComfySim, type RunningComfySim } from '../comfy-sim';
import { recipe, withInputs, type Graph } from '../replay/recipe-book';
import { run, upload, type SettledPrompt } from '../replay/test-client';
import { drawnFilm } from './node-bench';

/**
 * What is real here: a simulator on a port of its own, in this process, asked over HTTP, and the films that it leaves
 * on disk.
 */
const withFfmpeg = describeNeeds(findFfmpeg(), 'ffmpeg');
const small = { width: 96, height: 128, steps: 2, text: '1girl, twintails, forest' };
let home: string;
let sim: RunningComfySim;

beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), 'comfy-sim-chains-'));
  sim = await startComfySim({ home, profile: 'rtx3060', timeScale: 0, previewMethod: 'none', packs: true });
});

afterAll(async () => {
  await sim.stop();
  rmSync(home, { recursive: true, force: true });
});

interface Seen {
  readonly frames: readonly Rgb[];
  readonly framesPerSecond: number;
  readonly file: string;
  /** Step from the last frame to the first, over the largest other step. */
  readonly seam: number;
}

async function filmOf(prompt: SettledPrompt, node: string): Promise<Seen> {
  const output = prompt.outputs[node] as
    Record<string, readonly { filename: string; subfolder: string; type: string }[]> | undefined;
  const entry = (output?.['gifs'] ?? output?.['images'])?.[0];
  if (entry === undefined) throw new Error(`node ${node} showed no film: ${JSON.stringify(prompt.status)}`);
  const file = path.join(home, entry.type, entry.subfolder, entry.filename);
  const frames: Rgb[] = [];
  const { framesPerSecond } = await readFilm(file, (frame) => void frames.push(frame));
  const measured = await loopSeam(frames, findHolds(frames).runLengths, { kind: 'mae' });
  if (measured.state !== 'computed') throw new Error(measured.reason);
  return { frames, framesPerSecond, file, seam: measured.value.seam / Math.max(...measured.value.adjacent) };
}

const looped = (): Graph => withInputs(recipe('d_animatediff_loop'), small);

withFfmpeg('a chain of nodes', () => {
  it('makes a loop of AnimateDiff that closes', async () => {
    const { frames, framesPerSecond, seam } = await filmOf(await run(sim, looped()), '9');
    expect([frames.length, framesPerSecond]).toEqual([16, 8]);
    expect(findHolds(frames).runLengths).toHaveLength(16);
    expect(seam).toBeLessThanOrEqual(1);
  });

  it('doubles it with RIFE, and it still closes', async () => {
    const { '9': _film, ...graph } = looped();
    const { '4': rife, '6': combine } = recipe('g_rife_loop');
    if (rife === undefined || combine === undefined) throw new Error('the recipe has changed');
    const { frames, framesPerSecond, seam } = await filmOf(
      await run(sim, {
        ...graph,
        20: { class_type: 'ImageFromBatch', inputs: { image: ['8', 0], batch_index: 0, length: 1 } },
        21: { class_type: 'ImageBatch', inputs: { image1: ['8', 0], image2: ['20', 0] } },
        22: { class_type: 'RIFE VFI', inputs: { ...rife.inputs, frames: ['21', 0] } },
        23: { class_type: 'ImageFromBatch', inputs: { image: ['22', 0], batch_index: 0, length: 32 } },
        24: { class_type: 'VHS_VideoCombine', inputs: { ...combine.inputs, images: ['23', 0] } },
      }),
      '24',
    );
    expect([frames.length, framesPerSecond]).toEqual([32, 16]);
    expect(findHolds(frames).runLengths).toHaveLength(32);
    expect(seam).toBeLessThanOrEqual(1);
  });

  it('doubles a loop that was saved before', async () => {
    const { file } = await filmOf(await run(sim, withInputs(looped(), { filename_prefix: 'saved/loop' })), '9');
    copyFileSync(file, path.join(home, 'input', 'loop.mp4'));
    expect((await filmOf(await run(sim, recipe('g_rife_loop')), '6')).frames).toHaveLength(32);
  });

  it('makes of a text a film that goes on, of a picture one that begins with it, of one twice a loop', async () => {
    const [drawn] = drawnFilm(1, false, '21').pictures;
    await upload(sim, 'still.png', (await drawn?.png(4)) ?? Buffer.alloc(0));
    const still: Rgb = {
      width: 96,
      height: 128,
      channels: 3,
      data: await sharp(path.join(home, 'input', 'still.png'))
        .removeAlpha()
        .raw()
        .toBuffer(),
    };
    const of = async (...patches: string[]): Promise<Seen> =>
      filmOf(await run(sim, withInputs(recipe('e1_wan21_t2v', ...patches), { ...small, length: 17 })), '11');
    const [text, begun, closed] = [
      await of(),
      await of('e2_wan21_i2v_patch'),
      await of('e2_wan21_i2v_patch', 'e5_wan_flf_loop_patch'),
    ];
    for (const { frames, framesPerSecond } of [text, begun, closed])
      expect([frames.length, framesPerSecond]).toEqual([17, 16]);
    expect(text.seam).toBeGreaterThan(1.5);
    expect(meanAbsoluteDifference(begun.frames[0] as Rgb, still)).toBeLessThan(6);
    expect(meanAbsoluteDifference(begun.frames[16] as Rgb, still)).toBeGreaterThan(6);
    expect(closed.seam).toBeLessThanOrEqual(1);
  });
});
