import { Inject, Injectable } from '@nestjs/common';
import type { Delivery } from '@tower/bus';
import { DecoderDied } from '@tower/imaging';
import { AppError, CLOCK, describeError, LOGGER, type Clock, type Logger } from '@tower/kit';
import { DeadlyFiles } from './deadly-files';
import { FileInspector } from './file-inspector';
import { describeFindings, mayPass, type Findings, type RenderedFile } from './findings';
import { QualityMetrics } from './quality.metrics';

/** Finds out what the files of attempts show, and what to do about those that cannot be looked at. */
@Injectable()
export class FileFindings {
  constructor(
    private readonly inspector: FileInspector,
    private readonly deadly: DeadlyFiles,
    private readonly metrics: QualityMetrics,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * What a file shows, or why it shows nothing.
   * @throws AppError `artifact_file_unavailable` while that may pass and the message will come again
   */
  async inspect(file: RenderedFile & { artifactId: string }, attemptId: string, delivery: Delivery): Promise<Findings> {
    const end = this.metrics.scoreSeconds.startTimer();
    const findings = await this.inspectOrSayWhyNot(file, delivery);
    end();
    if (findings.state === 'decoded' || findings.state === 'film') return findings;
    const what = `artifact ${file.artifactId} of attempt ${attemptId} ${describeFindings(findings)}`;
    if (mayPass(findings) && !delivery.last) throw new AppError('unavailable', 'artifact_file_unavailable', what);
    this.logger.warn({ attemptId, artifactId: file.artifactId, path: file.path }, what);
    return findings;
  }

  /**
   * An error of the measuring is tried again like any other, and on the last delivery becomes a finding: the job waits
   * for a verdict.
   */
  private async inspectOrSayWhyNot(file: RenderedFile & { artifactId: string }, delivery: Delivery): Promise<Findings> {
    try {
      return await this.inspectUnlessDeadly(file);
    } catch (error) {
      // Without the library nothing can be judged, however often the message came: it is held until there is one again.
      if (!delivery.last || (error instanceof AppError && error.code === 'library_unavailable')) throw error;
      this.logger.error({ err: error, path: file.path }, 'measuring a file');
      return { state: 'unmeasured', why: describeError(error) };
    }
  }

  /**
   * A file that its decoder died of is looked at once more at once, and then never again: it has a verdict, and nothing
   * else waits for it.
   */
  private async inspectUnlessDeadly(file: RenderedFile & { artifactId: string }): Promise<Findings> {
    for (;;) {
      const deadly = await this.deadly.begin(file.artifactId, this.clock.now());
      if (deadly !== undefined) return { state: 'unmeasured', why: deadly };
      try {
        const findings = await this.inspector.inspect(file);
        await this.deadly.survived(file.artifactId);
        return findings;
      } catch (error) {
        if (!(error instanceof DecoderDied)) {
          await this.deadly.survived(file.artifactId);
          throw error;
        }
        this.metrics.decoderDeaths.inc();
        this.logger.error({ artifactId: file.artifactId, path: file.path }, `looking at a file: ${error.message}`);
        await this.deadly.died(file.artifactId);
      }
    }
  }
}
