import type { EstimateAnswer } from '@tower/contracts';
import { bodyOf, describeEstimate, type EstimateOptions } from './estimate';

const plain: EstimateOptions = { type: 'still_image', count: 1, priority: 'normal', degrade: false, json: false };

describe('the request of tower estimate', () => {
  it('is the short form without a project', () => {
    expect(bodyOf('rain', { ...plain, preset: 'low' })).toEqual({ type: 'image', prompt: 'rain', quality: 'low' });
  });

  it('is the full one with a project, and says only what was said', () => {
    const options = { ...plain, project: 'p', frames: 16, budget: 60, degrade: true, type: 'animation_loop' as const };
    expect(bodyOf('rain', options)).toEqual({
      project_id: 'p',
      job_type: 'animation_loop',
      count: 1,
      priority: 'normal',
      prompt: 'rain',
      frame_count: 16,
      time_budget_seconds: 60,
      allow_degrade: true,
    });
  });

  it.each([
    { budget: 60 },
    { count: 2 },
    { type: 'full_video' as const },
    { workflow: 'hires-fix' },
    { degrade: true },
  ])('needs a project for more than a still by preset: %j', (more) => {
    expect(() => bodyOf('rain', { ...plain, ...more })).toThrow(/--project ID/);
  });

  it('is not made of nothing', () => {
    expect(() => bodyOf(undefined, plain)).toThrow(/give a prompt/);
  });
});

const forecast: Omit<EstimateAnswer['presets'][number], 'preset'> = {
  width: 384,
  height: 576,
  steps: 10,
  frame_count: 1,
  fps: null,
  gpu: 'rx9070xt',
  gpus: ['rx9070xt'],
  starts_in: 0,
  ready_in: 40,
  low: 30,
  high: 120,
  p80: 80,
  finish_at: '2026-03-01T12:00:40.000Z',
  confidence: 0.9,
  basis: 'median of 4 attempts',
  fits: true,
};

it('prints a line per preset, what would be made and what that gives up', () => {
  const answer: EstimateAnswer = {
    workflow: 'anime-still-sd15',
    model_name: 'anime.safetensors',
    count: 2,
    priority: 'normal',
    deadline_at: '2026-03-01T12:01:30.000Z',
    presets: [
      { preset: 'draft', ...forecast },
      { preset: 'final', ...forecast, ready_in: null, basis: 'unknown: no card is configured', fits: null },
    ],
    best: 'draft',
    chosen: {
      preset: 'draft',
      ...forecast,
      given_up: [{ field: 'preset', asked: 'final', given: 'draft', sentence: 'the draft preset instead of final' }],
    },
    refusal: null,
    suggestion: null,
    warnings: [],
  };
  expect(describeEstimate(answer)).toEqual([
    '2 times anime-still-sd15 with anime.safetensors',
    '  draft     384 × 576, 10 steps: in 40 s on rx9070xt (30 s to 2 min, p80 80 s, fits); median of 4 attempts',
    '  final     384 × 576, 10 steps: unknown: no card is configured',
    'by 2026-03-01T12:01:30.000Z fits: draft',
    'would be made: draft, 384 × 576, 10 steps: in 40 s on rx9070xt (30 s to 2 min, p80 80 s, fits); ' +
      'median of 4 attempts',
    '  gives up: the draft preset instead of final',
  ]);
});
