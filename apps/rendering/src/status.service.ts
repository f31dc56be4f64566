import { Inject, Injectable } from '@nestjs/common';
import { ANSWERS_DB } from '@tower/bus';
import type { RenderingStatus } from '@tower/contracts';
import { CLOCK, DiskWatch, type Clock } from '@tower/kit';
import type { DataSource, EntityManager } from 'typeorm';
import { describeMachine } from './machine';
import { toGpuView } from './scheduling/fleet';
import { schedulerLease } from './scheduling/attempts.service';
import { SharedRead } from './scheduling/shared-read';
import { configuredGpus, liveAttempts } from './scheduling/queue.queries';
import { toCardStock } from './workflows/card-stock';
import { describeMissing } from './workflows/missing';
import { standingOn } from './workflows/standing';
import { WorkflowLibrary } from './workflows/workflow-library';

/** Milliseconds for which all who ask are told the same counts. */
const sharedMs = 250;

interface StateCount {
  state: string;
  count: number;
  oldest: Date;
}

const unfinishedJobs = (tx: EntityManager): Promise<StateCount[]> =>
  tx.query('select state, count(*)::int as count, min(created_at) as oldest from job where ended_at is null group by state');

/** Rendering's part of `/status`. */
@Injectable()
export class StatusService {
  private readonly counts: SharedRead<StateCount[]>;

  constructor(
    @Inject(ANSWERS_DB) private readonly db: DataSource,
    private readonly disks: DiskWatch,
    private readonly workflows: WorkflowLibrary,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.counts = new SharedRead(clock, () => unfinishedJobs(db.manager));
  }

  async status(): Promise<RenderingStatus> {
    const manager = this.db.manager;
    const [gpus, live, states, leases] = await Promise.all([
      configuredGpus(manager),
      liveAttempts(manager),
      this.counts.get(sharedMs),
      manager.query('select holder, fence, until from lease where name = $1 and until > now()', [schedulerLease]) as Promise<{ holder: string; fence: string; until: Date }[]>,
    ]);
    const count = (state: string): number => states.find((row) => row.state === state)?.count ?? 0;
    const oldest = states.find((row) => row.state === 'queued')?.oldest;
    const lease = leases[0];
    const disks = this.disks.views();
    const library = disks.find((disk) => disk.place === 'library');
    return {
      queue: {
        pending: count('pending'), queued: count('queued'), processing: count('processing'), quality_check: count('quality_check'),
        oldest_queued_seconds: oldest === undefined ? null : Math.max(0, (this.clock.now().getTime() - oldest.getTime()) / 1000),
      },
      gpus: gpus.map((gpu) => toGpuView(gpu, live.find((attempt) => attempt.gpu === gpu.name)?.jobId ?? null)),
      leader: { holder: lease?.holder ?? null, fence: Number(lease?.fence ?? 0), until: lease?.until.toISOString() ?? null },
      library: { free_bytes: library?.free_bytes ?? 0, total_bytes: library?.total_bytes ?? 0 },
      disks,
      machine: describeMachine(),
      models: { present: Object.fromEntries(gpus.map((gpu) => [gpu.name, gpu.inventory?.checkpoints ?? []])), missing: this.missing(gpus) },
    };
  }

  /** What keeps each workflow from running on each card, and where it belongs. A card that was never reached is not judged. */
  private missing(gpus: Awaited<ReturnType<typeof configuredGpus>>): RenderingStatus['models']['missing'] {
    return gpus.filter((gpu) => gpu.inventory !== null).flatMap((gpu) =>
      this.workflows.all().flatMap((workflow) =>
        standingOn(workflow, { ...toCardStock(gpu), up: true }).missing.map((missing) => ({
          workflow: workflow.file.name, what: describeMissing(missing), where: `${gpu.name} (${gpu.config.url.replace(/\/\/[^@/]*@/, '//')})`,
        })),
      ),
    );
  }
}
