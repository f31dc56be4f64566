import type { EntityManager } from 'typeorm';
import type { Sample, Work } from '../estimates/estimate';
import { Gpu } from '../gpus/gpu.entity';
import { Attempt } from '../jobs/job.entity';
import { liveAttemptStates } from '../jobs/moves';
import type { ParameterValues, Parts, Plan, RecoveryStep } from '../workflows/composition';

export interface WaitingRow {
  task_id: string;
  job_id: string;
  workflow: string;
  model_name: string;
  width: number;
  height: number;
  steps: number;
  excluded_gpus: string[];
  frames?: number;
  plan?: Plan;
  recovery?: RecoveryStep[];
  parameters?: ParameterValues;
  parts?: Parts;
}

/** Tasks more than this do not change what is dispatched next, only how far a forecast looks. */
const forecastDepth = 1_000;

/** Tasks that wait, in the order in which they are served: rank, then age. */
export function waitingTasks(tx: EntityManager, limit = forecastDepth): Promise<WaitingRow[]> {
  return tx.query(
    `select t.id as task_id, t.job_id, j.workflow, j.model_name, j.width, j.height, j.steps, t.excluded_gpus, j.frames, t.plan, t.recovery, j.parameters, j.parts
     from task t join job j on j.id = t.job_id
     where t.state = 'queued' and (t.not_before is null or t.not_before <= now())
     order by j.rank, j.created_at, j.id, t.idx limit $1`,
    [limit],
  );
}

export function configuredGpus(tx: EntityManager): Promise<Gpu[]> {
  return tx.find(Gpu, { where: { configured: true }, order: { position: 'ASC' } });
}

export function liveAttempts(tx: EntityManager): Promise<Attempt[]> {
  return tx.createQueryBuilder(Attempt, 'attempt').where('attempt.state in (:...states)', { states: liveAttemptStates }).getMany();
}

/** What the live attempts work on, as far as time depends on it. */
export function liveWorks(tx: EntityManager): Promise<(Work & { attempt_id: string })[]> {
  return tx.query('select a.id as attempt_id, j.workflow, j.width, j.height, j.frames, j.steps, a.plan from attempt a join job j on j.id = a.job_id where a.state = any($1)', [[...liveAttemptStates]]);
}

/** Newest measurements of each workflow and card, newest first. */
export function recentSamples(tx: EntityManager): Promise<Sample[]> {
  return tx.query(
    `select workflow, gpu, width, height, frames, steps, plan, seconds from (
       select *, row_number() over (partition by workflow, gpu, width, height, frames, steps, plan order by at desc) as age from runtime_sample
     ) sample where age <= 30 order by at desc limit 5000`,
  );
}
