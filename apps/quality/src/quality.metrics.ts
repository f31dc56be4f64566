import { Injectable } from '@nestjs/common';
import { Metrics, secondsBuckets } from '@tower/kit';

@Injectable()
export class QualityMetrics {
  readonly verdicts;
  readonly scores;
  readonly scoreSeconds;
  readonly decoderDeaths;

  constructor(metrics: Metrics) {
    this.verdicts = metrics.counter({
      name: 'quality_verdicts_total',
      help: 'Attempts judged',
      labelNames: ['verdict'],
    });
    this.scores = metrics.counter({
      name: 'quality_scores_total',
      help: 'Scores stored, by metric and state',
      labelNames: ['metric', 'state'],
    });
    this.scoreSeconds = metrics.histogram({
      name: 'quality_score_seconds',
      help: 'Seconds to read and measure one file',
      buckets: secondsBuckets,
    });
    this.decoderDeaths = metrics.counter({
      name: 'quality_decoder_deaths_total',
      help: 'Decoder processes that ended over a file',
    });
  }
}
