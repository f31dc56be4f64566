import { bootstrapAucInterval, bootstrapAucs } from '../statistics/bootstrap';
import { calibrateThreshold } from '../statistics/calibration';
import { areaUnderRoc, equalErrorRate, pointAtFalseAccept, type LabelledScores } from '../statistics/roc';
import { wilsonInterval } from '../statistics/wilson';
import { largestDifference } from './digests';
import { describeVectors, each } from './vector-files';

interface RocCase extends LabelledScores {
  readonly id: string;
  readonly auc: number;
  readonly eer: number;
  readonly eerThreshold: number;
  readonly calibrated: {
    readonly targetFAR: number;
    readonly threshold: number;
    readonly far: number;
    readonly frr: number;
  };
  readonly bootstrap: {
    readonly seed: number;
    readonly B: number;
    readonly percentile95: [number, number];
    readonly firstFiveAuc: number[];
  };
}

describeVectors<{
  tolerance: number;
  wilson: { k: number; n: number; low: number; high: number }[];
  roc: RocCase[];
  calibration?: {
    cases: {
      id: string;
      rocCase: string;
      default: number;
      cardLimit: number;
      result: { threshold: number; label: string; raisedToCardLimit?: boolean; why?: string };
    }[];
  };
}>('statistics', ({ tolerance, wilson = [], roc = [], calibration }) => {
  const within = (actual: readonly number[], expected: readonly number[]): void =>
    expect(largestDifference(actual, expected)).toBeLessThanOrEqual(tolerance);

  describe('statistics wilson', () => {
    each(wilson)('$k of $n', ({ k, n, low, high }) => {
      const interval = wilsonInterval(k, n);
      within([interval.low, interval.high], [low, high]);
    });
  });

  describe('statistics roc', () => {
    each(roc.map((vector) => [vector.id, vector] as const))('%s', (_, vector) => {
      const eer = equalErrorRate(vector);
      within([areaUnderRoc(vector), eer.rate, eer.threshold], [vector.auc, vector.eer, vector.eerThreshold]);
      const point = pointAtFalseAccept(vector, vector.calibrated.targetFAR);
      within(
        [point.threshold, point.falseAccept, point.falseReject],
        [vector.calibrated.threshold, vector.calibrated.far, vector.calibrated.frr],
      );
    });
  });

  describe('statistics bootstrap', () => {
    each(roc.map((vector) => [vector.id, vector] as const))('%s', (_, vector) => {
      const options = { seed: vector.bootstrap.seed, replicates: vector.bootstrap.B };
      within(
        bootstrapAucs(vector, options).slice(0, vector.bootstrap.firstFiveAuc.length),
        vector.bootstrap.firstFiveAuc,
      );
      const interval = bootstrapAucInterval(vector, options);
      within([interval.low, interval.high], vector.bootstrap.percentile95);
    });
  });

  describe('statistics calibration', () => {
    each((calibration?.cases ?? []).map((vector) => [vector.id, vector] as const))('%s', (_, vector) => {
      const scores = roc.find(({ id }) => id === vector.rocCase);
      if (scores === undefined) throw new Error(`no scores named ${vector.rocCase}`);
      const { threshold, ...rest } = vector.result;
      const result = calibrateThreshold(scores, { defaultThreshold: vector.default, cardLimit: vector.cardLimit });
      within([result.threshold], [threshold]);
      expect(result).toMatchObject(rest);
    });
  });
});
