import type { AttemptProgress } from './job.entity';

export const progressAtDispatch = (gpu: string): AttemptProgress => ({
  stage: `Sent to ${gpu}`,
  percent: 0,
  step: null,
  totalSteps: null,
});
