import { Module } from '@nestjs/common';
import { Health, parseEnv } from '@tower/kit';
import { qualityEnv } from './env';
import { FilmMeter } from './film-meter';
import { Library } from './library';
import { QualityConsumer } from './quality.consumer';
import { QualityController } from './quality.controller';
import { QualityMetrics } from './quality.metrics';
import { QualityService } from './quality.service';
import { QualityScore, ThresholdRow, Verdict } from './verdict.entity';

export const qualityEntities = [Verdict, QualityScore, ThresholdRow];

@Module({
  controllers: [QualityController, QualityConsumer],
  providers: [
    {
      provide: Library,
      inject: [Health],
      useFactory: (health: Health) => {
        const library = new Library(parseEnv(qualityEnv).TOWER_LIBRARY);
        health.register('library', () => library.check());
        return library;
      },
    },
    { provide: FilmMeter, useFactory: () => new FilmMeter() },
    QualityMetrics,
    QualityService,
  ],
})
export class QualityModule {}
