import type { Clock } from '@tower/kit';
import type { DataSource } from 'typeorm';
import type { Job } from '../jobs/job.entity';
import { placeInQueue, stampIn, stampOf } from '../jobs/queue-place';
import { notePlaces } from '../jobs/task-store';
import type { Task } from '../jobs/task.entity';
import type { Catalogue } from '../workflows/catalogue';
import type { WaitingRow } from './queue.queries';

/** Tasks per statement. */
const batch = 500;
/** Milliseconds that one look spends on it; the rest waits for the next one. */
const budgetMs = 500;

type QueuedTask = Pick<Task, 'id' | 'plan' | 'recovery'> & { excluded_gpus: string[] } & Pick<
    Job,
    'workflow' | 'rank' | 'width' | 'height' | 'frames' | 'parameters' | 'parts'
  > & { model_name: string };

/**
 * Tells anew of what kind waiting tasks are whose kind was made from a template that has changed since, or before
 * there were kinds. Templates are read at start, so there is nothing to do but then.
 */
export class KindRenewal {
  private readonly settled = new Set<string>();

  constructor(
    private readonly db: DataSource,
    private readonly workflows: Catalogue,
    private readonly clock: Clock,
  ) {}

  /** `rows` are the oldest of each kind. */
  async renew(rows: readonly WaitingRow[]): Promise<void> {
    const current = new Set(this.workflows.all().map(stampOf));
    const stale = [...new Set(rows.map((row) => row.kind))].filter(
      (kind) => !current.has(stampIn(kind)) && !this.settled.has(kind),
    );
    const untilMs = this.clock.monotonicMs() + budgetMs;
    for (const kind of stale) {
      let moved = batch;
      while (moved === batch && this.clock.monotonicMs() < untilMs) moved = await this.renewBatch(kind);
      if (moved < batch) this.settled.add(kind);
    }
  }

  /**
   * Returns how many there were. Of a template that is gone nothing new can be said: then the kind may stay the same.
   */
  private async renewBatch(kind: string): Promise<number> {
    const tasks: QueuedTask[] = await this.db.query(
      `select t.id, t.plan, t.excluded_gpus, t.recovery, j.workflow, j.rank, j.model_name, j.width, j.height,
        j.frames, j.parameters, j.parts, j.only_gpu as "onlyGpu"
       from (select * from task where kind = $1 and state = 'queued' limit ${batch}) t join job j on j.id = t.job_id`,
      [kind],
    );
    const places = tasks.map((task) => ({
      id: task.id,
      ...placeInQueue({ ...task, modelName: task.model_name }, this.workflows.find(task.workflow), {
        plan: task.plan,
        excludedGpus: task.excluded_gpus,
        recovery: task.recovery,
      }),
    }));
    if (places.every((place) => place.kind === kind)) return 0;
    await notePlaces(this.db.manager, places);
    return tasks.length;
  }
}
