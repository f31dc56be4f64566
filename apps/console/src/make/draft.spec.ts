import type { JobView, WorkflowParameterView, WorkflowView } from '@tower/contracts';
import { draftOf, emptyDraft, errorOf, errorsElsewhere, presetsOf, requestOf, valueOfPreset } from './draft';

const parameter = (name: string, type: WorkflowParameterView['type'], more: Partial<WorkflowParameterView> = {}) =>
  ({ name, type, default: null, ...more }) as WorkflowParameterView;

const workflow = {
  name: 'anime-still',
  job_type: 'still_image',
  takes: { loras: true, references: true, controlnets: false },
  presets: { final: { steps: 40 }, draft: { steps: 10 } },
  parameters: [
    parameter('prompt', 'text'),
    parameter('negative_prompt', 'text'),
    parameter('seed', 'integer'),
    parameter('steps', 'integer', { default: 24 }),
    parameter('upscale', 'number', { default: 1.5 }),
    parameter('tiled', 'boolean', { default: false }),
  ],
} as unknown as WorkflowView;

describe('the request that a form says', () => {
  it('leaves out what nobody filled in', () => {
    expect(requestOf({ ...emptyDraft, projectId: 'p', prompt: 'a girl' }, workflow)).toEqual({
      project_id: 'p',
      job_type: 'still_image',
      workflow: 'anime-still',
      preset: 'standard',
      priority: 'normal',
      count: 1,
      prompt: 'a girl',
    });
  });

  it('has each value in its own type, fields of the request beside it and the others below parameters', () => {
    const draft = {
      ...emptyDraft,
      seed: '7',
      budget: '2',
      values: { steps: '30', upscale: '1.25', tiled: 'true', unknown: 'x' },
      loras: [
        { name: 'style.safetensors', strength: '0.5' },
        { name: ' ', strength: '' },
      ],
      references: [
        { image: 'id', weight: '0.6' },
        { image: 'other', weight: '' },
      ],
    };
    expect(requestOf(draft, workflow)).toMatchObject({
      seed: 7,
      time_budget_seconds: 120,
      steps: 30,
      parameters: { upscale: 1.25, tiled: true },
      lora_models: [{ name: 'style.safetensors', strength: 0.5 }],
      ipadapter_refs: [{ image: 'id', weight: 0.6 }, { image: 'other' }],
    });
  });
});

it('shows presets from the quickest to the best, and what a preset gives', () => {
  expect(presetsOf(workflow)).toEqual(['draft', 'final']);
  const [, , , steps = parameter('steps', 'integer')] = workflow.parameters;
  expect([valueOfPreset(workflow, 'final', steps), valueOfPreset(workflow, 'low', steps)]).toEqual([40, 24]);
});

it('asks for the same as a job, and leaves to the preset what is of the preset', () => {
  const job = {
    project_id: 'p',
    character_ids: ['c'],
    preset: 'final',
    prompt: 'a girl',
    negative_prompt: '',
    count: 2,
    seed: 9,
    priority: 'high',
    parameters: { prompt: 'full', steps: 40, upscale: 2, tiled: false },
    loras: [{ file: 'a.safetensors', strength_model: 0.8, strength_clip: 0.8 }],
    references: [{ kind: 'ipadapter', image: 'face', weight: 0.7, start: 0, end: 1 }],
    images: { face: { path: 'uploads/face.png', sha256: '' } },
  } as unknown as JobView;
  expect(requestOf(draftOf(job, workflow), workflow)).toEqual({
    project_id: 'p',
    character_ids: ['c'],
    job_type: 'still_image',
    workflow: 'anime-still',
    preset: 'final',
    priority: 'high',
    prompt: 'a girl',
    count: 2,
    seed: 9,
    parameters: { upscale: 2 },
    lora_models: [{ name: 'a.safetensors', strength: 0.8 }],
    ipadapter_refs: [{ image: 'uploads/face.png', weight: 0.7 }],
  });
});

it('finds what is wrong with a field, and keeps what no field shows', () => {
  const errors = [
    { pointer: '/parameters/upscale', message: 'at most 2' },
    { pointer: '/lora_models/0', message: 'no card has it' },
  ];
  expect(errorOf(errors, 'upscale')).toBe('at most 2');
  expect(errorsElsewhere(errors, ['upscale'])).toEqual([errors[1]]);
  expect(errorsElsewhere(errors, ['upscale', 'lora_models'])).toEqual([]);
});
