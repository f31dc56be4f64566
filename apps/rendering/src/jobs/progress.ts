import type { AttemptProgress } from './attempt.entity';

export const progressAtDispatch = (gpu: string): AttemptProgress => ({
  stage: `Sent to ${gpu}`,
  percent: 0,
  step: null,
  totalSteps: null,
});

/** Of one that is sent to a card with so many prompts in its queue. */
export const progressBehind = (gpu: string, ahead: number): AttemptProgress => ({
  ...progressAtDispatch(gpu),
  ahead,
  stage: `Waiting in the queue of ${gpu}: ${ahead === 1 ? 'a prompt is' : `${ahead} prompts are`} before it`,
});
