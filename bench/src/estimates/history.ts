import { Estimator, type TimedWork, type TimePrior } from '@tower/rendering/planning';

/** An attempt of a frozen history; see the fixtures' README. Seconds. */
export interface Finished {
  n: number;
  gpu: string;
  workflow: string;
  model: string;
  width: number;
  height: number;
  frames: number;
  steps: number;
  cold: boolean;
  load_seconds: number;
  step_seconds: number;
  fixed_seconds: number;
  seconds: number;
}

export interface Predicted {
  n: number;
  seconds: number;
  low: number;
  high: number;
}

/** Nobody knows these workflows; the first attempt of each says what they are like. */
const prior: TimePrior = { load: 15, passPerMegapixel: 0.2, fixed: 1, basis: 'prior' };

/** What is said of each attempt before it is measured. */
export function predictHistory(history: readonly Finished[]): Predicted[] {
  const estimator = new Estimator(() => prior);
  return history.map((line) => {
    const work = workOf(line);
    const { seconds, low, high } = estimator.estimate(work);
    estimator.learn({
      ...work,
      load: line.load_seconds,
      pass: line.step_seconds,
      fixed: line.fixed_seconds,
      seconds: line.seconds,
    });
    return { n: line.n, seconds, low, high };
  });
}

const workOf = ({ gpu, workflow, model, width, height, frames, steps, cold }: Finished): TimedWork => ({
  gpu,
  kind: workflow,
  models: model,
  megapixels: (width * height * frames) / 1e6,
  passes: steps,
  missing: cold ? model : '',
});
