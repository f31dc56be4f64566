import { Inject, Injectable } from '@nestjs/common';
import type { RenderingStatus } from '@tower/contracts';
import { CLOCK, shorten, type Clock } from '@tower/kit';
import { DiskWatch } from '@tower/library';
import { ANSWERS_DB } from '@tower/service';
import type { DataSource, EntityManager } from 'typeorm';
import { cardOf } from '../cards/card';
import { schedulerLease } from '../leadership';
import { claimedMbOf } from '../cards/claimed-memory';
import { configuredGpus, liveAttempts } from '../planning/queue.queries';
import { PlanningTimes } from '../planning/planning-times';
import { SharedRead } from '../planning/shared-read';
import { readSteering } from '../planning/steering.queries';
import { Catalogue } from '../workflows/catalogue';
import { compatibilityWith } from '../workflows/compatibility/compatibility';
import { describeMissing } from '../workflows/compatibility/requirements';
import { boundedGpu, nameBytes, toGpuView } from './card-view';
import { describeMachine } from './machine';
import { namesWithin } from './names-within';
import { UtilisationReader } from './utilisation.reader';

const maxMissing = 200;

/**
 * Milliseconds for which all who ask are told the same counts; longer where a hundred thousand jobs have to be counted.
 */
const sharedMs = 250;

interface StateCount {
  state: string;
  count: number;
  oldest: Date;
}

const unfinishedJobs = (tx: EntityManager): Promise<StateCount[]> =>
  tx.query(
    'select state, count(*)::int as count, min(created_at) as oldest from job where ended_at is null group by state',
  );

async function countPausedJobs(tx: EntityManager): Promise<number> {
  const [row]: { count: number }[] = await tx.query(
    'select count(*)::int as count from job where paused is not null and ended_at is null',
  );
  return row?.count ?? 0;
}

/** Rendering's part of `/status`. */
@Injectable()
export class StatusService {
  private readonly counts: SharedRead<StateCount[]>;

  constructor(
    @Inject(ANSWERS_DB) private readonly db: DataSource,
    private readonly disks: DiskWatch,
    private readonly workflows: Catalogue,
    private readonly utilisation: UtilisationReader,
    private readonly times: PlanningTimes,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.counts = new SharedRead(clock, () => unfinishedJobs(db.manager));
  }

  async status(): Promise<RenderingStatus> {
    const manager = this.db.manager;
    const [gpus, live, states, steering, pausedJobs, used, leases] = await Promise.all([
      configuredGpus(manager),
      liveAttempts(manager),
      this.counts.getWithinReason(sharedMs),
      readSteering(manager),
      countPausedJobs(manager),
      this.utilisation.read(),
      manager.query('select holder, fence, until from lease where name = $1 and until > now()', [
        schedulerLease,
      ]) as Promise<{ holder: string; fence: string; until: Date }[]>,
    ]);
    const count = (state: string): number => states.find((row) => row.state === state)?.count ?? 0;
    const oldest = states.find((row) => row.state === 'queued')?.oldest;
    const lease = leases[0];
    const disks = this.disks.views();
    const library = disks.find((disk) => disk.place === 'library');
    const missing = this.missing(gpus);
    return {
      queue: {
        pending: count('pending'),
        queued: count('queued'),
        processing: count('processing'),
        quality_check: count('quality_check'),
        oldest_queued_seconds:
          oldest === undefined ? null : Math.max(0, (this.clock.now().getTime() - oldest.getTime()) / 1000),
        paused: steering.paused,
        paused_jobs: pausedJobs,
      },
      gpus: gpus.map((gpu) => {
        const jobId = live.find((attempt) => attempt.gpu === gpu.name)?.jobId ?? null;
        return boundedGpu(toGpuView(gpu, jobId, claimedMbOf(steering.claims.get(gpu.name) ?? [])), gpus.length);
      }),
      utilisation: Object.fromEntries([...used].map(([gpu, { lastHour }]) => [gpu, lastHour])),
      leader: {
        holder: lease?.holder ?? null,
        fence: Number(lease?.fence ?? 0),
        until: lease?.until.toISOString() ?? null,
      },
      planner: this.times.view(),
      library: { free_bytes: library?.free_bytes ?? 0, total_bytes: library?.total_bytes ?? 0 },
      disks,
      machine: describeMachine(),
      models: {
        present: Object.fromEntries(
          gpus.map((gpu) => [gpu.name, namesWithin(gpu.inventory?.checkpoints ?? [], nameBytes / gpus.length).shown]),
        ),
        missing: missing.slice(0, maxMissing),
        ...(missing.length > maxMissing ? { missing_omitted: missing.length - maxMissing } : {}),
      },
    };
  }

  /**
   * What keeps each workflow from running on each card, and where it belongs. A card that was never reached is not
   * judged.
   */
  private missing(gpus: Awaited<ReturnType<typeof configuredGpus>>): RenderingStatus['models']['missing'] {
    return gpus
      .filter((gpu) => gpu.inventory !== null)
      .flatMap((gpu) =>
        this.workflows.all().flatMap((workflow) =>
          compatibilityWith(workflow, { ...cardOf(gpu), isUsable: true }).missing.map((missing) => ({
            workflow: workflow.file.name,
            what: shorten(describeMissing(missing), 400),
            where: `${gpu.name} (${gpu.config.url})`,
          })),
        ),
      );
  }
}
