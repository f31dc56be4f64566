import { Module } from '@nestjs/common';
import { Health, parseEnv } from '@tower/kit';
import { DeadlyFiles } from './deadly-files';
import { qualityEnv } from './env';
import { FileFindings } from './file-findings';
import { FileInspector } from './file-inspector';
import { LibraryReader } from './library-reader';
import { QualityConsumer } from './quality.consumer';
import { QualityController } from './quality.controller';
import { QualityMetrics } from './quality.metrics';
import { QualityService } from './quality.service';
import { DeadlyFile, QualityScore, ThresholdRow, Verdict } from './verdict.entity';
import { VerdictsReader } from './verdicts.reader';

export const qualityEntities = [Verdict, QualityScore, ThresholdRow, DeadlyFile];

@Module({
  controllers: [QualityController, QualityConsumer],
  providers: [
    {
      provide: FileInspector,
      inject: [Health],
      useFactory: (health: Health) => {
        const root = parseEnv(qualityEnv).TOWER_LIBRARY;
        health.register('library', () => new LibraryReader(root).check());
        return new FileInspector(root);
      },
    },
    DeadlyFiles,
    QualityMetrics,
    FileFindings,
    VerdictsReader,
    QualityService,
  ],
})
export class QualityModule {}
