import { InputBench } from './input-bench.fixture';
import { givenUpFor, ladderOf, lowerPresets, presetsOf, type Rung } from './ladder';

let bench: InputBench;
beforeAll(async () => {
  bench = await InputBench.open();
});
afterAll(() => bench.close());

const brief = ({ preset, others, values }: Rung): unknown => [preset, others, values['width'], values['steps']];

describe('the ways to make a request', () => {
  it('go from the best preset to the quickest, with fewer steps before fewer pixels', async () => {
    const made = await bench.plan('anime-still-sd15', { preset: 'standard' });
    expect(ladderOf(made, 'standard', false).map(brief)).toEqual([
      ['standard', {}, 512, 24],
      ['standard', { steps: 16 }, 512, 16],
      ['low', {}, 448, 16],
      ['low', { steps: 10 }, 448, 10],
      ['draft', {}, 384, 10],
    ]);
  });

  it('leave what the request fixes as it is', async () => {
    const made = await bench.plan('anime-still-sd15', { preset: 'standard', steps: 30, width: 640 });
    const ladder = ladderOf(made, 'standard', true);
    expect(new Set(ladder.map(({ values }) => `${String(values['width'])} ${String(values['steps'])}`))).toEqual(
      new Set(['640 30']),
    );
    expect(ladder.map(({ preset }) => preset)).toEqual(['standard', 'low', 'draft']);
  });

  it('give up frames in between before steps, and frames before the size', async () => {
    const made = await bench.plan('loop-animatediff', { preset: 'final' });
    const [final, ...rest] = ladderOf(made, 'final', false);
    expect(final).toMatchObject({ preset: 'final', promised: { frames: 48, fps: 24 } });
    expect(rest.slice(0, 3).map(({ preset, others }) => [preset, others])).toEqual([
      ['final', { interpolation: 2, fps: 16 }],
      ['final', { interpolation: 2, fps: 16, steps: 24 }],
      ['high', {}],
    ]);
    const film = await bench.plan('video-wan21-t2v', { preset: 'final' });
    expect(ladderOf(film, 'final', false).map(({ preset, others }) => [preset, others])).toEqual([
      ['final', {}],
      ['final', { steps: 30 }],
      ['high', {}],
      // High and standard differ in frames alone.
      ['standard', {}],
      ['standard', { steps: 20 }],
      ['low', {}],
      ['low', { steps: 12 }],
      ['low', { steps: 12, frame_count: 17 }],
      ['draft', {}],
    ]);
  });

  it('go below the lowest preset only where less is better than nothing', async () => {
    const made = await bench.plan('hires-fix', { preset: 'draft' });
    expect(ladderOf(made, 'draft', false)).toHaveLength(1);
    expect(ladderOf(made, 'draft', true).map(({ others, promised }) => [others, promised.width])).toEqual([
      [{}, 576],
      [{ upscale: 1 }, 384],
      [{ upscale: 1, width: 288, height: 384 }, 288],
      // No side falls below the least of the workflow's own rule.
      [{ upscale: 1, width: 256, height: 288 }, 256],
    ]);
  });

  it('knows the presets of a workflow in their order', async () => {
    const made = await bench.plan('anime-still-sd15', {});
    expect(presetsOf(made)).toEqual(['draft', 'low', 'standard', 'high', 'final']);
    expect(lowerPresets(made, 'standard')).toEqual(['low', 'draft']);
    expect(lowerPresets(made, 'draft')).toEqual([]);
  });
});

describe('what is given up', () => {
  it('is named field by field, and as sentences', async () => {
    const made = await bench.plan('anime-still-sd15', { preset: 'final' });
    const [asked, ...rest] = ladderOf(made, 'final', false);
    const draft = rest.at(-1);
    expect(givenUpFor(made, asked!, draft!)).toEqual([
      { field: 'preset', asked: 'final', given: 'draft', sentence: 'the draft preset instead of final' },
      { field: 'size', asked: '768 × 1152', given: '384 × 576', sentence: '384 × 576 pixels instead of 768 × 1152' },
      { field: 'steps', asked: 40, given: 10, sentence: '10 steps instead of 40' },
    ]);
    expect(givenUpFor(made, asked!, asked!)).toEqual([]);
  });

  it('tells of frames in between what they are', async () => {
    const made = await bench.plan('loop-animatediff', { preset: 'final' });
    const [asked, next] = ladderOf(made, 'final', false);
    expect(givenUpFor(made, asked!, next!).map(({ sentence }) => sentence)).toEqual([
      'interpolation 2 instead of 3 (in-between frames by RIFE; 1 leaves them out)',
      '16 frames per second instead of 24',
    ]);
  });
});
