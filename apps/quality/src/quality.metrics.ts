import { Injectable } from '@nestjs/common';
import { Metrics, secondsBuckets } from '@tower/kit';

@Injectable()
export class QualityMetrics {
  readonly verdicts = this.metrics.counter({
    name: 'quality_verdicts_total',
    help: 'Attempts judged',
    labels: { verdict: ['passed', 'failed'] },
  });
  readonly scores = this.metrics.counter({
    name: 'quality_scores_total',
    help: 'Scores stored, by metric and state',
    labels: {
      metric: 'the name of a score (docs/scores.md)',
      state: ['computed', 'not_computed', 'not_applicable'],
    },
  });
  readonly scoreSeconds = this.metrics.histogram({
    name: 'quality_score_seconds',
    help: 'Seconds to read and measure one file',
    buckets: secondsBuckets,
  });
  readonly decoderDeaths = this.metrics.counter({
    name: 'quality_decoder_deaths_total',
    help: 'Decoder processes that ended over a file',
  });

  constructor(private readonly metrics: Metrics) {}
}
