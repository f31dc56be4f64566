import { PassThrough } from 'node:stream';
import type { ProgressView } from '@tower/contracts';
import { Terminal } from '../terminal';
import { progressLine } from './progress-line';
import { demoReport, type DemoResult } from './report';

const aView = (view: Partial<ProgressView> = {}): ProgressView => ({
  job_id: '01890000-0000-7000-8000-000000000000',
  status: 'processing',
  stage: 'Sampling on rtx3060: step 6 of 24',
  progress: 29,
  step: 6,
  total_steps: 24,
  images_complete: 0,
  images_total: 1,
  frames_complete: null,
  frames_total: null,
  gpu: 'rtx3060',
  gpus: ['rtx3060'],
  gpu_queue_position: null,
  estimate: {
    start_at: null,
    finish_at: null,
    remaining_seconds: 4.2,
    low: 3,
    high: 6,
    p80: null,
    confidence: null,
    basis: 'prior',
  },
  ...view,
});
const quiet = new Terminal(Object.assign(new PassThrough(), { isTTY: false }) as unknown as NodeJS.WriteStream, {});
const result: DemoResult = {
  ok: false,
  simulated: true,
  project_id: 'p',
  seconds: 12.34,
  contact_sheet: 'library/sheet.png',
  pictures: [{ job_id: 'j1', path: 'library/a.png', sha256: 'f', seed: 7, gpu: 'rtx3060', seconds: 2.5 }],
  films: [
    {
      job_id: 'j3',
      path: 'library/loop.mp4',
      sha256: 'f',
      seed: 8,
      gpu: 'rtx3060',
      seconds: 9,
      frames: 16,
      fps: 8,
      duration_seconds: 2,
    },
  ],
  failures: [
    {
      job_id: 'j2',
      status: 'failed',
      code: 'out_of_memory',
      message: 'the card ran out of memory.',
      hint: 'Choose a smaller size.',
    },
  ],
};

describe('progressLine', () => {
  it('shows card, bar, percent, time left and stage', () => {
    expect(progressLine(' 1', aView())).toBe(
      ` 1  rtx3060    [${'█'.repeat(7)}${'░'.repeat(17)}]  29 %  about 5 s    Sampling on rtx3060: step 6 of 24`,
    );
  });

  it('shows no time that nobody knows', () => {
    expect(
      progressLine(
        '1',
        aView({ gpu: null, progress: 0, estimate: { ...aView().estimate, remaining_seconds: null, low: null } }),
      ),
    ).toMatch(/^1 {2}waiting .* 0 % {15}Sampling/);
    expect(progressLine('1', aView({ estimate: { ...aView().estimate, remaining_seconds: null } }))).toContain(
      '29 %  over 3 s ',
    );
  });
});

describe('the report', () => {
  it('writes a line per quarter, state and card when nobody watches', () => {
    const lines: string[] = [];
    const report = demoReport({ json: false, terminal: quiet, write: (line) => lines.push(line) });
    for (const progress of [0, 3, 26, 27, 49, 51, 100])
      report.progress(0, aView({ progress, status: progress === 100 ? 'completed' : 'processing' }));
    expect(lines.map((line) => /(\d+) %/.exec(line)?.[1])).toEqual(['0', '26', '51', '100']);
  });

  it('shows no more bars than the screen has rows, and lets finished ones make room', () => {
    const out = Object.assign(new PassThrough(), { isTTY: true, rows: 5, columns: 200 });
    let text = '';
    out.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const report = demoReport({
      json: false,
      terminal: new Terminal(out as unknown as NodeJS.WriteStream, {}),
      write: () => undefined,
    });
    for (let index = 0; index < 6; index++)
      report.progress(index, aView({ status: index < 2 ? 'completed' : 'processing', stage: `job ${index + 1}` }));
    const screen = text
      .slice(text.lastIndexOf('\u001b[3A') + 4)
      .replaceAll('\u001b[K', '')
      .replace('\u001b[J', '')
      .trimEnd()
      .split('\n');
    expect(screen.map((line) => /job \d|….*/.exec(line)?.[0])).toEqual([
      'job 3',
      'job 4',
      '… 2 finished, 2 more waiting',
    ]);
  });

  it('ends with the pictures, the loop, the sheet, what is simulated, and failures with their hints', () => {
    const lines: string[] = [];
    demoReport({ json: false, terminal: quiet, write: (line) => lines.push(line) }).result(result);
    expect(lines.join('\n')).toMatch(
      new RegExp(
        [
          String.raw`^1 picture in 12\.3 s \(rtx3060: 1\)\. The GPUs are SIMULATED.*`,
          String.raw` {2}library/a\.png {2}seed 7, rtx3060, 2\.5 s`,
          String.raw`Loop: library/loop\.mp4 {2}16 frames, 8 per second, seed 8, rtx3060, 9\.0 s`,
          String.raw`Contact sheet: library/sheet\.png`,
          String.raw`Job j2 failed: out_of_memory: .*memory\. Choose a smaller size\.$`,
        ].join('\n'),
      ),
    );
  });

  it('writes one JSON object per line on demand, and none twice', () => {
    const lines: string[] = [];
    const report = demoReport({ json: true, terminal: quiet, write: (line) => lines.push(line) });
    report.say('hello');
    report.progress(1, aView());
    report.progress(1, aView());
    report.result(result);
    expect(lines.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual(['note', 'progress', 'result']);
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({
      index: 1,
      gpu: 'rtx3060',
      progress: 29,
      remaining_seconds: 4.2,
    });
  });
});
