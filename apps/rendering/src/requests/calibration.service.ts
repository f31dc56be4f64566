import { Inject, Injectable } from '@nestjs/common';
import type { calibrateGpuRequest, CalibrationStarted, InputOf } from '@tower/contracts';
import { onceByKey } from '@tower/db';
import { AppError, newId } from '@tower/kit';
import { ANSWERS_DB } from '@tower/service';
import { IsNull, type DataSource, type EntityManager } from 'typeorm';
import type { Card } from '../cards/card';
import { Job } from '../jobs/job.entity';
import { calibrationRank, placeInQueue } from '../jobs/queue-place';
import { ineligibility } from '../planning/eligibility';
import { RenderingMetrics } from '../rendering.metrics';
import { Catalogue } from '../workflows/catalogue';
import { unknownCard } from '../views/cards.reader';
import { measurementsOf, type Measurement } from './calibration';
import { asWaiting } from './forecast';
import { asResolved, JobIntake } from './job-intake';
import { RequestGround, type Ground } from './request-ground';
import { RequestPlanning, type PlannedRequest } from './request-planning';

const scope = 'calibrate_gpu';
/** Folder of the library for what is rendered to measure a card. Nobody needs it, and it may be emptied at any time. */
export const calibrationFolder = 'calibration';

type Skipped = CalibrationStarted['skipped'][number];

/** Measures cards: asks for light jobs that are for one card alone and begin only when nothing else waits for it. */
@Injectable()
export class CalibrationService {
  constructor(
    @Inject(ANSWERS_DB) private readonly db: DataSource,
    private readonly ground: RequestGround,
    private readonly planning: RequestPlanning,
    private readonly intake: JobIntake,
    private readonly workflows: Catalogue,
    private readonly metrics: RenderingMetrics,
  ) {}

  /**
   * Asks for everything that measures this card, or it with one workflow: all of it or nothing. Throws `gpu_unknown`,
   * `workflow_unknown`, `gpu_unusable`, `nothing_to_calibrate`, `calibration_underway` and `queue_full`.
   */
  async calibrate({ context, gpu, workflow }: InputOf<typeof calibrateGpuRequest>): Promise<CalibrationStarted> {
    const wanted = workflow === undefined ? this.workflows.all() : [this.workflows.get(workflow)];
    const ground = await this.ground.unfiled(context.correlationId);
    const card = usableCard(gpu, ground);
    const project = await ground.project;
    const measurements = wanted.flatMap((one) => measurementsOf(one, card, project.id));
    const { planned, skipped } = await this.planAll(measurements, card, ground);
    if (planned.length === 0) throw nothingToDo(gpu, skipped);
    return this.db.transaction((tx) =>
      onceByKey(tx, scope, context.idempotencyKey, { gpu, workflow }, async () => {
        await refuseTwice(tx, gpu);
        const jobs: CalibrationStarted['jobs'] = [];
        for (const { wish, resolved, timing, line } of planned) {
          const { job } = await this.intake.admit(tx, context, wish, resolved, {
            projectSlug: calibrationFolder,
            timing,
            calibrates: gpu,
            roomIn: (tasks) => line.snapshot.roomIn(tasks, line.now),
          });
          jobs.push(toView(job));
          this.metrics.calibrationJobs.inc({ gpu });
        }
        return { gpu, jobs, skipped };
      }),
    );
  }

  /** What cannot be made there is left out, with the reason. */
  private async planAll(
    measurements: readonly Measurement[],
    card: Card,
    ground: Ground,
  ): Promise<{ planned: PlannedRequest[]; skipped: Skipped[] }> {
    const planned: PlannedRequest[] = [];
    const skipped: Skipped[] = [];
    for (const measurement of measurements) {
      const found =
        'reason' in measurement ? measurement.reason : await this.planOne(measurement.requests, card, ground);
      const { workflow, modelName } = measurement;
      if (typeof found === 'string') skipped.push({ workflow, model_name: modelName, reason: found });
      else planned.push(...found);
    }
    return { planned, skipped };
  }

  /** The requests as they would be carried out, or why this card cannot. */
  private async planOne(
    requests: Extract<Measurement, { requests: unknown }>['requests'],
    card: Card,
    ground: Ground,
  ): Promise<PlannedRequest[] | string> {
    const planned: PlannedRequest[] = [];
    for (const request of requests) {
      try {
        const one = await this.planning.plan(request, ground);
        const reason = refusalBy(card, one);
        if (reason !== undefined) return reason;
        planned.push(one);
      } catch (error) {
        if (error instanceof AppError && error.kind === 'invalid') return error.message;
        throw error;
      }
    }
    return planned;
  }
}

function usableCard(gpu: string, { snapshot }: Ground): Card {
  const card = snapshot.cards.find(({ name }) => name === gpu);
  if (card === undefined)
    throw unknownCard(
      gpu,
      snapshot.cards.map(({ name }) => name),
    );
  if (!card.isUsable)
    throw new AppError(
      'conflict',
      'gpu_unusable',
      `${gpu} cannot be measured now: ${card.trouble ?? 'it does not answer'}; ask again when it works`,
    );
  return card;
}

/** Why this card would not take it. */
function refusalBy(card: Card, { resolved, line }: PlannedRequest): string | undefined {
  const work = { ...asResolved(resolved), id: newId(), rank: calibrationRank, deadlineAt: null };
  const [task] = asWaiting(work, [{ id: newId(), kind: placeInQueue(work, resolved.workflow).kind }], line);
  return task && ineligibility(card, task);
}

async function refuseTwice(tx: EntityManager, gpu: string): Promise<void> {
  const left = await tx.countBy(Job, { calibration: true, onlyGpu: gpu, endedAt: IsNull() });
  if (left > 0)
    throw new AppError(
      'conflict',
      'calibration_underway',
      `${gpu} is being measured already: ${left} jobs of that are left; wait for them, or cancel them first`,
    );
}

function nothingToDo(gpu: string, skipped: readonly Skipped[]): AppError {
  const why = skipped.map(({ workflow, reason }) => `${workflow}: ${reason}`).join('; ');
  return new AppError('conflict', 'nothing_to_calibrate', `there is nothing to measure ${gpu} with (${why})`);
}

const toView = (job: Job): CalibrationStarted['jobs'][number] => ({
  job_id: job.id,
  workflow: job.workflow,
  model_name: job.modelName,
  width: job.width,
  height: job.height,
  steps: job.steps,
  frame_count: job.frames,
  count: job.count,
});
