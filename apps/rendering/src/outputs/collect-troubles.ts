import { Inject, Injectable } from '@nestjs/common';
import type { Failure } from '@tower/comfyui';
import { isDatabaseUnavailable } from '@tower/db';
import { AppError, describeError, LOGGER, type Logger } from '@tower/kit';
import { DiskWatch, neededBytesOf, ownFault } from '@tower/library';
import { DataSource } from 'typeorm';
import { AttemptsService } from '../attempts/attempts.service';
import { Gpu } from '../cards/card.entity';
import { WATCH_THRESHOLDS, type WatchThresholds } from '../cards/watch-thresholds';
import type { Attempt } from '../jobs/attempt.entity';
import { CollectTries } from './collect-tries';
import { OutputFault } from './inspect-output';
import { OutputRejected } from './output-store';
import { failureOfFault } from './promised-output';

/** Milliseconds that a finished output waits at most for its server, however long it took to render. */
const longestWaitMs = 1_800_000;

/** What follows when an attempt's files could not be fetched: another try, a wait, or its end. */
@Injectable()
export class CollectTroubles {
  constructor(
    private readonly db: DataSource,
    private readonly attempts: AttemptsService,
    private readonly disks: DiskWatch,
    private readonly tries: CollectTries,
    @Inject(WATCH_THRESHOLDS) private readonly limits: WatchThresholds,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Its files are in the library. */
  overcome(attempt: Attempt): void {
    this.tries.end(attempt.id);
    this.disks.worked('library');
  }

  /**
   * Tells whose fault it is: our own side's and an absent server's are waited out, and only what is wrong with the
   * output counts against it.
   */
  async failed(fence: string, attempt: Attempt, error: unknown, output: string): Promise<void> {
    const own = ownFault(error, 'library');
    const code = error instanceof AppError ? error.code : undefined;
    if (error instanceof OutputRejected) await this.giveUp(fence, attempt, error.failure);
    else if (own) {
      this.tries.held(attempt.id, neededBytesOf(own) ?? 0);
      this.disks.failed('library', own);
    } else if (isDatabaseUnavailable(error) || code === 'lease_lost') {
      this.tries.held(attempt.id, 0);
      this.logger.debug({ jobId: attempt.jobId }, `registering outputs waits: ${describeError(error)}`);
    } else if (code === 'comfyui_unreachable') await this.waitForServer(fence, attempt, describeError(error));
    else if (code?.startsWith('library_')) await this.giveUp(fence, attempt, unstorable(error));
    else if (code === 'comfyui_output_too_large')
      await this.giveUp(fence, attempt, { ...unfetched(attempt, output, error), kind: 'invalid' });
    else await this.retryLater(fence, attempt, error, output);
  }

  /**
   * The card went away with a finished output on its disk. It is worth waiting for as long as for a prompt that runs,
   * and as long as rendering it again would take; beyond that only while no other card could do it.
   */
  async waitForServer(fence: string, attempt: Attempt, silence: string): Promise<void> {
    const awayMs = this.tries.away(attempt.id);
    const of = { gpu: attempt.gpu, jobId: attempt.jobId };
    if (awayMs === 0) this.logger.warn(of, `a finished output waits for its card: ${silence}`);
    if (awayMs < Math.max(this.limits.silentMs, Math.min((attempt.seconds ?? 0) * 1_000, longestWaitMs))) return;
    const gpu = await this.db.manager.findOneBy(Gpu, { name: attempt.gpu });
    if (gpu?.state === 'down' && !(await this.attempts.couldGoElsewhere(attempt))) return;
    this.tries.end(attempt.id);
    const away = `${attempt.gpu} has not answered for ${Math.round(awayMs / 1000)} s`;
    await this.attempts
      .lose(fence, attempt, `${away} while its output waited to be fetched`)
      .catch((failing: unknown) => {
        this.logger.warn({ err: failing }, 'giving up an output; the next look tries again');
      });
  }

  private async retryLater(fence: string, attempt: Attempt, error: unknown, output: string): Promise<void> {
    const fault = error instanceof OutputFault ? error : undefined;
    const { count, isEnough } = this.tries.bad(attempt.id, fault !== undefined && fault.reason !== 'no_decoder');
    const facts = { gpu: attempt.gpu, jobId: attempt.jobId, tries: count };
    this.logger.warn(facts, `fetching the outputs: ${describeError(error)}`);
    if (!isEnough) return;
    const isTheirs = error instanceof AppError && error.code.startsWith('comfyui_');
    const otherwise = isTheirs ? unfetched(attempt, output, error) : unstorable(error);
    await this.giveUp(fence, attempt, fault ? failureOfFault(fault, { filename: output }, attempt.gpu) : otherwise);
  }

  private async giveUp(fence: string, attempt: Attempt, failure: Failure): Promise<void> {
    this.tries.end(attempt.id);
    await this.attempts
      .fail(fence, attempt, failure)
      .catch((failing: unknown) =>
        this.logger.warn({ err: failing }, 'giving up an attempt; the next look tries again'),
      );
  }
}

/** Nothing that a card could do about: the job's names do not fit the library, or Tower itself has a fault. */
const unstorable = (error: unknown): Failure => ({
  kind: 'invalid',
  error: {
    code: 'output_unstorable',
    message: `the output cannot be stored: ${describeError(error)}`,
    hint: 'Look at the folder name of the project, at the library and at the log of Tower.',
  },
});

const unfetched = (attempt: Attempt, output: string, error: unknown): Failure => ({
  kind: 'outputs_missing',
  error: {
    code: 'output_unusable',
    message: `${output} on ${attempt.gpu} could not be fetched: ${describeError(error)}`,
    hint: 'Look at the disk and the output folder of this ComfyUI.',
  },
});
