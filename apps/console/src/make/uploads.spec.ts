import type { WorkflowParameterView, WorkflowView } from '@tower/contracts';
import { emptyDraft } from './draft';
import { withMetadata } from './uploads';

const workflow = {
  parameters: ['prompt', 'seed', 'steps'].map((name) => ({ name }) as WorkflowParameterView),
} as unknown as WorkflowView;

it('fills in what a file says, leaves out what the workflow has not, and keeps what the file does not say', () => {
  const request = { prompt: 'a girl', seed: 7, steps: 20, cfg_scale: 5, lora_models: [{ name: 'a', strength: 0.5 }] };
  expect(
    withMetadata({ ...emptyDraft, negativePrompt: 'blurry', values: { width: '64' } }, { request }, workflow),
  ).toEqual({
    ...emptyDraft,
    prompt: 'a girl',
    negativePrompt: 'blurry',
    seed: '7',
    values: { width: '64', steps: '20' },
    loras: [{ name: 'a', strength: '0.5' }],
  });
});
