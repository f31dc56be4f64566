import type { JobQualityView, ScoreView, VerdictOutcome } from '@tower/contracts';
import { resolutionAchieved, type PictureLevels } from '@tower/imaging';
import type { Findings } from './findings';
import { scoreMotion, type Outcome } from './motion-scores';
import type { QualityScore, ThresholdRow, Verdict } from './verdict.entity';

export type Threshold = Pick<ThresholdRow, 'metric' | 'comparison' | 'value' | 'decides'>;

/** What the pictures are measured against. */
export interface Expectation {
  width: number;
  height: number;
  /** Of each film; null for pictures. */
  frames: number | null;
  /** Its end is to be followed by its beginning. */
  isLoop: boolean;
  hasCharacters: boolean;
}

/** A metric of one file and the numbers behind it. */
export interface FileScore {
  artifactId: string;
  score: ScoreView;
  measured: object | null;
}

/** Metrics whose models nobody has installed; said so instead of left out. */
const modelMetrics = ['prompt_adherence', 'aesthetic'] as const;
/** Questions about movement. */
const temporalMetrics = ['temporal_lpips', 'motion_smoothness', 'scene_continuity', 'subject_consistency'] as const;

/** As people see them: what decides first. */
const metricOrder: readonly string[] = [
  'file_integrity',
  'resolution',
  'frame_count',
  'not_black',
  'not_uniform',
  'not_static',
  'identity',
  ...modelMetrics,
  'loop_seam',
  ...temporalMetrics,
];

/** Every metric of one file: computed, or why not. */
export function scoreFile(
  artifactId: string,
  findings: Findings,
  expected: Expectation,
  thresholds: readonly Threshold[],
): FileScore[] {
  const scores: FileScore[] = [];
  const add = (metric: string, outcome: Outcome, measured: object | null = null): void => {
    scores.push({ artifactId, score: toScore(metric, outcome, thresholds), measured });
  };
  /** Of a question that needs the pixels. */
  const unanswered = unansweredOf(findings);

  const seen = seenOf(findings);
  add('file_integrity', integrityOf(findings), seen ? null : { finding: findings });
  if (seen) {
    const { width, height, levels } = seen;
    const achieved = resolutionAchieved({ width, height }, expected);
    add(
      'resolution',
      { state: 'computed', value: achieved.state === 'computed' ? achieved.value : 0 },
      { width, height, expectedWidth: expected.width, expectedHeight: expected.height },
    );
    // Black means that mean and deviation are both below the limit, so the larger of the two decides; of a film its
    // brightest frame.
    add(
      'not_black',
      { state: 'computed', value: Math.max(...levels.flatMap(({ all }) => [all.mean, all.std])) },
      levelsShown(levels, ({ all, luma, zeroCellRatio }) => ({ all, luma, zeroCellRatio })),
    );
    // Uniform means that no channel varies, so the liveliest decides.
    add(
      'not_uniform',
      {
        state: 'computed',
        value: Math.max(...levels.flatMap(({ red, green, blue }) => [red.std, green.std, blue.std])),
      },
      levelsShown(levels, ({ red, green, blue }) => ({ red, green, blue })),
    );
  } else for (const metric of ['resolution', 'not_black', 'not_uniform']) add(metric, unanswered);
  for (const { metric, outcome, measured } of scoreMotion(findings, expected, unanswered))
    add(metric, outcome, measured);

  const noModel: Outcome = seen ? { state: 'not_computed', reason: 'model_missing' } : unanswered;
  add('identity', expected.hasCharacters ? noModel : { state: 'not_applicable', reason: 'no_character' });
  for (const metric of modelMetrics) add(metric, noModel);
  for (const metric of temporalMetrics) add(metric, temporalOutcome(findings, expected) ?? noModel);
  return scores;
}

/** Why a question about movement makes no sense here; undefined where it does. */
function temporalOutcome(findings: Findings, expected: Expectation): Outcome | undefined {
  if (findings.state === 'decoded' || (findings.state !== 'film' && expected.frames === null))
    return { state: 'not_applicable', reason: 'single_frame' };
  return findings.state === 'film' && findings.film.holds.isStatic
    ? { state: 'not_applicable', reason: 'static' }
    : undefined;
}

/** What came out of a file that decodes; a film shows three of its frames. */
function seenOf(findings: Findings): { width: number; height: number; levels: readonly PictureLevels[] } | undefined {
  if (findings.state === 'film')
    return { width: findings.film.facts.width, height: findings.film.facts.height, levels: findings.film.levels };
  return findings.state === 'decoded'
    ? { width: findings.width, height: findings.height, levels: [findings.levels] }
    : undefined;
}

const levelsShown = (levels: readonly PictureLevels[], show: (levels: PictureLevels) => object): object => {
  const shown = levels.map(show);
  return shown.length === 1 && shown[0] ? shown[0] : { frames: shown };
};

function integrityOf(findings: Findings): Outcome {
  switch (findings.state) {
    case 'absent':
      return { state: 'not_computed', reason: 'file_missing' };
    case 'unmeasured':
      return { state: 'not_computed', reason: 'decode_failed' };
    case 'altered':
      return { state: 'computed', value: 0 };
    case 'undecodable':
      return { state: 'computed', value: findings.containerIntact ? 1 : 0 };
    case 'decoded':
    case 'film':
      return { state: 'computed', value: 1 };
  }
}

/** An altered file's pixels are somebody else's: the one to be judged is missing. */
function unansweredOf(findings: Findings): Outcome {
  if (findings.state === 'unmeasured') return { state: 'not_computed', reason: findings.reason ?? 'decode_failed' };
  return { state: 'not_computed', reason: findings.state === 'undecodable' ? 'decode_failed' : 'file_missing' };
}

function toScore(metric: string, outcome: Outcome, thresholds: readonly Threshold[]): ScoreView {
  if (outcome.state !== 'computed') return { ...outcome, metric };
  const threshold = thresholds.find((candidate) => candidate.metric === metric);
  return {
    ...outcome,
    metric,
    threshold: threshold?.value ?? null,
    passed: threshold === undefined ? null : meets(outcome.value, threshold),
  };
}

export function meets(value: number, { comparison, value: limit }: Pick<Threshold, 'comparison' | 'value'>): boolean {
  switch (comparison) {
    case 'at_least':
      return value >= limit;
    case 'above':
      return value > limit;
    case 'at_most':
      return value <= limit;
    case 'below':
      return value < limit;
  }
}

/** One score per metric for the whole attempt: that of its worst file. */
export function worstScores(scores: readonly ScoreView[], thresholds: readonly Threshold[]): ScoreView[] {
  const worst = new Map<string, ScoreView>();
  for (const score of scores) {
    const before = worst.get(score.metric);
    if (before === undefined || isWorse(score, before, thresholds)) worst.set(score.metric, score);
  }
  return [...worst.values()].sort((a, b) => metricOrder.indexOf(a.metric) - metricOrder.indexOf(b.metric));
}

/** A failure is certain, so it comes before an unanswered question, and that before any success. */
const rank = (score: ScoreView): number => {
  switch (score.state) {
    case 'computed':
      return score.passed === false ? 0 : 2;
    case 'not_computed':
      return 1;
    case 'not_applicable':
      return 3;
  }
};

function isWorse(a: ScoreView, b: ScoreView, thresholds: readonly Threshold[]): boolean {
  if (rank(a) !== rank(b)) return rank(a) < rank(b);
  if (a.state !== 'computed' || b.state !== 'computed') return false;
  const comparison = thresholds.find((threshold) => threshold.metric === a.metric)?.comparison;
  return comparison === 'at_most' || comparison === 'below' ? a.value > b.value : a.value < b.value;
}

/**
 * Passed when every deciding metric that applies was computed and met its threshold. One that could not be computed
 * fails the attempt: nobody would otherwise learn that the picture was never looked at. A deciding metric without any
 * score counts the same.
 */
export function decideVerdict(
  scores: readonly ScoreView[],
  thresholds: readonly Threshold[],
): { outcome: VerdictOutcome; reasons: string[] } {
  const deciding = thresholds.filter((threshold) => threshold.decides).map((threshold) => threshold.metric);
  const unmet = scores
    .filter((score) => deciding.includes(score.metric) && !counts(score))
    .map((score) => score.metric);
  const unseen = deciding.filter((metric) => !scores.some((score) => score.metric === metric));
  const reasons = [...unmet, ...unseen];
  return { outcome: reasons.length === 0 ? 'passed' : 'failed', reasons };
}

const counts = (score: ScoreView): boolean =>
  score.state === 'not_applicable' || (score.state === 'computed' && score.passed === true);

export const toScoreRow = (
  verdictId: string,
  { artifactId, score, measured }: FileScore,
): Omit<QualityScore, 'verdict'> => ({
  verdictId,
  artifactId,
  metric: score.metric,
  state: score.state,
  value: score.state === 'computed' ? score.value : null,
  threshold: score.state === 'computed' ? score.threshold : null,
  passed: score.state === 'computed' ? score.passed : null,
  reason: score.state === 'computed' ? null : score.reason,
  measured,
});

export const toAttemptQuality = (verdict: Verdict, scores: ScoreView[]): JobQualityView['attempts'][number] => ({
  attempt_id: verdict.attemptId,
  task_id: verdict.taskId,
  verdict: verdict.outcome,
  reasons: verdict.reasons,
  scores,
  judged_at: verdict.judgedAt.toISOString(),
});
