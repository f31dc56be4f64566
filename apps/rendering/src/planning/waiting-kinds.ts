import type { EntityManager } from 'typeorm';
import { kindAfter } from '../jobs/queue-place';
import type { RecoveryStep } from '../workflows/composition';
import type { WaitingRow } from './queue.queries';

/** The oldest waiting task of a kind, which speaks for all of its kind: they need the same of a card. */
export type WaitingKind = Pick<
  WaitingRow,
  'kind' | 'workflow' | 'parameters' | 'parts' | 'plan' | 'recovery' | 'excluded_gpus'
>;

const ofKind = "state = 'queued' and not_before is null and wants_model is null and kind = $1";

/** Some of the waiting tasks of a kind, the oldest first. */
export function tasksOfKind(
  tx: EntityManager,
  { kind }: WaitingKind,
  limit: number,
): Promise<{ id: string; jobId: string }[]> {
  return tx.query(
    `select id, job_id as "jobId" from task where ${ofKind} order by rank, created_at, job_id, idx limit $2`,
    [kind, limit],
  );
}

/**
 * Every waiting task of a kind waits for a file from now on. The step's `afterAttempt` becomes each task's own. Returns
 * how many there are.
 */
export async function holdKind(
  tx: EntityManager,
  kind: WaitingKind,
  change: { wantsModel: object; step: Omit<RecoveryStep, 'afterAttempt'>; until: Date },
): Promise<number> {
  const { wantsModel, step, until } = change;
  const held: [unknown[], number] = await tx.query(
    `update task set wants_model = $2, not_before = $3, kind = $5,
       recovery = recovery || jsonb_build_array($4::jsonb || jsonb_build_object('afterAttempt', attempts))
     where ${ofKind}`,
    [
      kind.kind,
      JSON.stringify(wantsModel),
      until,
      JSON.stringify(step),
      kindOf(kind, { recovery: [...(kind.recovery ?? []), { ...step, afterAttempt: 0 }] }),
    ],
  );
  return held[1];
}

/** The cards that failed the waiting tasks of a kind may have them again. */
export async function reopenKind(tx: EntityManager, kind: WaitingKind): Promise<void> {
  await tx.query(`update task set excluded_gpus = '[]', kind = $2, state = state where ${ofKind}`, [
    kind.kind,
    kindOf(kind, { excludedGpus: [] }),
  ]);
}

const kindOf = (kind: WaitingKind, changed: { recovery?: RecoveryStep[]; excludedGpus?: string[] }): string =>
  kindAfter(kind.kind, {
    plan: kind.plan ?? { steps: [] },
    excludedGpus: kind.excluded_gpus,
    recovery: kind.recovery ?? [],
    ...changed,
  });
