import type { ScoreView } from '@tower/contracts';
import type { FilmMotion } from '@tower/imaging';
import type { Findings } from './findings';
import type { Expectation } from './verdict';

type Without<State extends ScoreView['state']> = Omit<Extract<ScoreView, { state: State }>, 'metric'>;
/** A metric's outcome before it is held against a threshold. */
export type Outcome = Without<'not_computed'> | Without<'not_applicable'> | { state: 'computed'; value: number };

interface MotionScore {
  metric: 'frame_count' | 'not_static' | 'loop_seam';
  outcome: Outcome;
  measured: object | null;
}

/** Whether a film has its frames, moves, and closes if it is to be a loop. None of these asks anything of a still. */
export function scoreMotion(
  findings: Findings,
  expected: Pick<Expectation, 'frames' | 'isLoop'>,
  unanswered: Outcome,
): MotionScore[] {
  if (expected.frames === null && findings.state !== 'film') {
    const outcome = { state: 'not_applicable', reason: 'single_frame' } as const;
    return (['frame_count', 'not_static', 'loop_seam'] as const).map((metric) => ({ metric, outcome, measured: null }));
  }
  const notALoop = { state: 'not_applicable', reason: 'not_a_loop' } as const;
  if (findings.state !== 'film') {
    const cause: Outcome = findings.state === 'decoded' ? { state: 'computed', value: 0 } : unanswered;
    return [
      {
        metric: 'frame_count',
        outcome: findings.state === 'decoded' ? { state: 'computed', value: 1 / (expected.frames ?? 1) } : unanswered,
        measured: null,
      },
      { metric: 'not_static', outcome: cause, measured: null },
      {
        metric: 'loop_seam',
        outcome: !expected.isLoop
          ? notALoop
          : findings.state === 'decoded'
            ? { state: 'not_computed', reason: 'too_few_frames' }
            : unanswered,
        measured: null,
      },
    ];
  }
  const { film } = findings;
  return [
    framesOf(film, expected.frames),
    // The clip's liveliest step: below the limit every frame shows the same drawing.
    {
      metric: 'not_static',
      outcome: { state: 'computed', value: Math.max(0, ...film.holds.adjacent) },
      measured: { motionAmount: film.holds.motionAmount, runLengths: film.holds.runLengths },
    },
    expected.isLoop ? seamOf(film) : { metric: 'loop_seam', outcome: notALoop, measured: null },
  ];
}

/** 1 when there are exactly as many as wanted, else the smaller count over the larger, as with resolution. */
function framesOf({ facts }: FilmMotion, expected: number | null): MotionScore {
  const measured = {
    frames: facts.frames,
    expectedFrames: expected,
    framesPerSecond: facts.framesPerSecond,
    durationSeconds: facts.durationSeconds,
  };
  if (expected === null)
    return { metric: 'frame_count', outcome: { state: 'not_applicable', reason: 'no_expected_frames' }, measured };
  return {
    metric: 'frame_count',
    outcome: { state: 'computed', value: Math.min(facts.frames, expected) / Math.max(facts.frames, expected) },
    measured,
  };
}

/**
 * The step from the last frame to the first, by the 95th percentile of the other steps (quality-metrics 2.11, R1 by
 * pixel differences).
 */
function seamOf({ loop, holds }: FilmMotion): MotionScore {
  if (loop.state === 'not_applicable')
    return { metric: 'loop_seam', outcome: { state: 'not_applicable', reason: 'static' }, measured: null };
  if (loop.state === 'not_computed')
    return {
      metric: 'loop_seam',
      outcome: {
        state: 'not_computed',
        reason: loop.reason === 'too_few_frames' ? 'too_few_frames' : 'inference_failed',
      },
      measured: null,
    };
  const { adjacent: _, ...numbers } = loop.value;
  if (numbers.r1 !== null)
    return { metric: 'loop_seam', outcome: { state: 'computed', value: numbers.r1 }, measured: numbers };
  // Nearly every step is 0, so no step is ordinary: the seam is closed only when it is 0 as well.
  return numbers.seam === 0
    ? { metric: 'loop_seam', outcome: { state: 'computed', value: 0 }, measured: numbers }
    : {
        metric: 'loop_seam',
        outcome: { state: 'computed', value: numbers.seam / Math.max(...holds.adjacent) },
        measured: numbers,
      };
}
