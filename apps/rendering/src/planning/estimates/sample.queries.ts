import type { EntityManager } from 'typeorm';
import { RuntimeSample } from '../../jobs/runtime-sample.entity';
import { changesOf, type Sample } from './estimate';

/** Measurements of one workflow on one card that are looked at for the longest of them. */
const ofOneCard = 2_000;
/** Measurements that a process learns from when it starts: the newest. */
const learntAtStart = 4_000;
/** Of one kind of work on one card so many are kept: an older one says nothing that these do not. */
const maxSamples = 30;
/** Newest measurements that are looked at to see what others added. */
const newestLook = 50;

export interface StoredSample extends Sample {
  attempt_id: string;
}

const columns =
  'attempt_id, workflow, gpu, device, model_name as "modelName", width, height, frames, steps, plan, seconds, ' +
  'load_seconds as "loadSeconds", sampling_seconds as "samplingSeconds", fixed_seconds as "fixedSeconds", missing, ' +
  'case when steps > 0 and passes = steps then 1 end as "cfgScale"';

/** Keeps a measurement and lets go of those of the same work that no estimate reads any more. */
export async function addSample(tx: EntityManager, sample: Omit<RuntimeSample, 'changes'>): Promise<void> {
  const changes = changesOf(sample);
  await tx.insert(RuntimeSample, { ...sample, changes });
  await tx.query(
    `delete from runtime_sample where attempt_id in (
       select attempt_id from runtime_sample where workflow = $1 and gpu = $2 and changes = $3 and width = $4
         and height = $5 and frames = $6 and steps = $7
       order by at desc, attempt_id offset $8)`,
    [sample.workflow, sample.gpu, changes, sample.width, sample.height, sample.frames, sample.steps, maxSamples],
  );
}

/** The newest measurements of these workflows on these cards, newest first. */
export function samplesOf(
  tx: EntityManager,
  pairs: readonly { workflow: string; gpu: string }[],
): Promise<StoredSample[]> {
  return tx.query(
    `select sample.* from unnest($1::text[], $2::text[]) as asked (workflow, gpu) cross join lateral (
       select ${columns} from runtime_sample s where s.workflow = asked.workflow and s.gpu = asked.gpu
         order by s.at desc limit ${ofOneCard}) sample`,
    [pairs.map((pair) => pair.workflow), pairs.map((pair) => pair.gpu)],
  );
}

/** The newest measurements of all, newest first: at most fifty, so who gets that many may have missed some. */
export function newestSamples(tx: EntityManager): Promise<StoredSample[]> {
  return tx.query(`select ${columns} from runtime_sample order by at desc limit ${newestLook}`);
}

/** What a process learns from when it starts, newest first. */
export function samplesToLearn(tx: EntityManager): Promise<StoredSample[]> {
  return tx.query(`select ${columns} from runtime_sample order by at desc limit ${learntAtStart}`);
}

export const newestLookIsFull = (samples: readonly StoredSample[]): boolean => samples.length >= newestLook;
