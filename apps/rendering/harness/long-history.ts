import type { DataSource, EntityManager } from 'typeorm';
import { placeInQueue } from '../src/jobs/queue-place';
import type { Catalogue } from '../src/workflows/catalogue';
import { usualValues } from '../src/workflows/compatibility/compatibility';
import { noParts } from '../src/workflows/composition';

/** Ids that can be told from their number; those of jobs, tasks and attempts differ in one digit. */
const id = (kind: 'a' | 'b' | 'c' | 'd', n: string): string =>
  `('0190a00${kind}-0000-7000-8000-' || lpad(to_hex(${n}), 12, '0'))::uuid`;
export const historyId = (kind: 'job' | 'task' | 'attempt' | 'artifact', n: number): string =>
  `0190a00${{ job: 'a', task: 'b', attempt: 'c', artifact: 'd' }[kind]}-0000-7000-8000-${n
    .toString(16)
    .padStart(12, '0')}`;

interface HistorySize {
  /** Jobs that are over, each with one attempt and one artifact. */
  finished: number;
  /** Jobs that wait, each with one task. */
  queued: number;
}

/**
 * Fills the tables as years of use would: jobs of one still workflow, finished ones first; 200 projects, ten sizes.
 * For specs; a minute for a million.
 */
export async function writeHistory(
  db: DataSource,
  workflows: Catalogue,
  { finished, queued }: HistorySize,
  modelName = 'anime_sd15.safetensors',
): Promise<void> {
  const workflow = workflows.get('anime-still-sd15');
  const parameters = usualValues(workflow, { checkpoints: [modelName] }, 'draft');
  const width = Number(parameters['width']);
  const { kind } = placeInQueue(
    {
      workflow: workflow.file.name,
      modelName,
      width,
      height: Number(parameters['height']),
      frames: 1,
      parameters,
      parts: noParts,
      rank: 2,
    },
    workflow,
  );
  await db.transaction(async (tx) => {
    // A busy machine writes them slowly.
    await tx.query('set local statement_timeout = 0');
    await tx.query('alter table task disable trigger task_wake');
    await insertJobs(tx, { finished, queued }, workflow.file.name, modelName, parameters);
    await insertTasks(tx, { finished, queued }, kind);
    await insertAttempts(tx, finished, workflow.file.name);
    await tx.query('alter table task enable trigger task_wake');
  });
  for (const table of ['job', 'task', 'attempt', 'artifact', 'generation_params'])
    await db.query(`vacuum analyze ${table}`);
}

/** When the n-th was. */
const at = `now() - interval '400 days' + n * interval '1 second'`;

async function insertJobs(
  tx: EntityManager,
  { finished, queued }: HistorySize,
  workflow: string,
  modelName: string,
  parameters: ReturnType<typeof usualValues>,
): Promise<void> {
  const isOver = `n <= ${finished}`;
  await tx.query(
    `insert into job (id, project_id, project_slug, character_ids, job_type, workflow, workflow_version, preset,
      priority, rank, state, prompt, negative_prompt, full_prompt, full_negative_prompt, model_name, width, height,
       steps, cfg_scale, sampler_name, scheduler, seed, count, auto_quality_check, max_regenerations, seq,
         correlation_id, created_at, queued_at, started_at, ended_at, parameters)
     select ${id('a', 'n')}, ${id('d', 'n % 200')}, 'night-train', '[]', 'still_image', $1, 1, 'draft', 'normal', 2,
       case when not ${isOver} then 'queued' when n % 1000 = 0 then 'failed' else 'completed' end,
       'at the window', '', 'at the window', '', $2, $3, $4, 12, 7, 'euler', 'normal', n, 1, false, 0, 2,
         ${id('a', 'n')}, ${at}, ${at}, case when ${isOver} then ${at} end, case when ${isOver} then ${at} end, $5
     from generate_series(1, ${finished + queued}) n`,
    [workflow, modelName, Number(parameters['width']), Number(parameters['height']), JSON.stringify(parameters)],
  );
}

async function insertTasks(tx: EntityManager, { finished, queued }: HistorySize, kind: string): Promise<void> {
  const isOver = `n <= ${finished}`;
  await tx.query(
    `insert into task (id, job_id, idx, rank, kind, state, seed, attempts, losses, regenerations, excluded_gpus,
      created_at)
     select ${id('b', 'n')}, ${id('a', 'n')}, 0, 2, $1, case when ${isOver} then 'done' else 'queued' end, n,
       case when ${isOver} then 1 else 0 end, 0, 0, '[]', ${at} from generate_series(1, ${finished + queued}) n`,
    [kind],
  );
}

/** Each with its artifact and what it was made from. */
async function insertAttempts(tx: EntityManager, finished: number, workflow: string): Promise<void> {
  await tx.query(
    `insert into attempt (id, task_id, job_id, n, gpu, prompt_id, state, seed, fence, dispatched_at, post_deadline,
      started_at, ended_at, seconds, outcome, scores)
     select ${id('c', 'n')}, ${id('b', 'n')}, ${id('a', 'n')}, 1, case when n % 2000 = 0 then 'old'
       when n % 2 = 0 then 'rtx3060' else 'rx9070xt' end, ${id('c', 'n')}, 'succeeded', n, 1, ${at}, ${at}, ${at},
       ${at}, 3, 'rendered', '[]'
     from generate_series(1, ${finished}) n`,
  );
  await tx.query(
    `insert into artifact (id, job_id, task_id, attempt_id, role, idx, path, sha256, bytes, media_type, width, height,
      simulated, created_at)
     select ${id('d', 'n')}, ${id('a', 'n')}, ${id('b', 'n')}, ${id('c', 'n')}, 'output', 0,
       'night-train/' || n || '.png', repeat('0', 64), 1000, 'image/png', 384, 576, true, ${at}
       from generate_series(1, ${finished}) n`,
  );
  await tx.query(
    `insert into generation_params (attempt_id, job_id, graph, graph_sha256, parameters, workflow, workflow_version,
      recorded_at)
     select ${id('c', 'n')}, ${id('a', 'n')}, '{}', repeat('0', 64), '{}', $1, 1, ${at} from generate_series(1,
       ${finished}) n`,
    [workflow],
  );
}
