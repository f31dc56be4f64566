import type { AttemptProgress } from './attempt.entity';

export const progressAtDispatch = (gpu: string): AttemptProgress => ({
  stage: `Sent to ${gpu}`,
  percent: 0,
  step: null,
  totalSteps: null,
});
