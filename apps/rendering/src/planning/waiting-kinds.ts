import type { EntityManager } from 'typeorm';
import { kindAfter } from '../jobs/queue-place';
import * as tasks from '../jobs/task-store';
import type { WantedModel } from '../jobs/task.entity';
import type { RecoveryStep } from '../workflows/composition';
import type { WaitingRow } from './queue.queries';

/** The oldest waiting task of a kind, which speaks for all of its kind: they need the same of a card. */
export type WaitingKind = Pick<
  WaitingRow,
  'kind' | 'workflow' | 'parameters' | 'parts' | 'plan' | 'recovery' | 'excluded_gpus' | 'only_gpu'
>;

/** Some of the waiting tasks of a kind, the oldest first. */
export function tasksOfKind(
  tx: EntityManager,
  { kind }: WaitingKind,
  limit: number,
): Promise<{ id: string; jobId: string }[]> {
  return tx.query(
    `select id, job_id as "jobId" from task where ${tasks.ofKind} order by rank, created_at, job_id, idx limit $2`,
    [kind, limit],
  );
}

/**
 * Every waiting task of a kind waits for a file from now on. The step's `afterAttempt` becomes each task's own. Returns
 * how many there are.
 */
export function holdKind(
  tx: EntityManager,
  kind: WaitingKind,
  change: { wantsModel: WantedModel; step: Omit<RecoveryStep, 'afterAttempt'>; until: Date },
): Promise<number> {
  const as = kindOf(kind, { recovery: [...(kind.recovery ?? []), { ...change.step, afterAttempt: 0 }] });
  return tasks.holdKind(tx, kind.kind, { as, ...change });
}

/** The cards that failed the waiting tasks of a kind may have them again. */
export function reopenKind(tx: EntityManager, kind: WaitingKind): Promise<void> {
  return tasks.reopenKind(tx, kind.kind, kindOf(kind, { excludedGpus: [] }));
}

const kindOf = (kind: WaitingKind, changed: { recovery?: RecoveryStep[]; excludedGpus?: string[] }): string =>
  kindAfter(kind.kind, {
    plan: kind.plan ?? { steps: [] },
    excludedGpus: kind.excluded_gpus,
    recovery: kind.recovery ?? [],
    ...changed,
  });
