import { join } from 'node:path';
import { repositoryRoot } from '@tower/kit';
import { Gpu } from '../cards/card.entity';
import { calibrationRank, rankOf } from '../jobs/queue-place';
import { Catalogue } from '../workflows/catalogue';
import { RequirementsCache } from '../workflows/compatibility/requirements-cache';
import { LearntTimes } from './estimates/learnt-times';
import { Snapshot, type SnapshotFacts } from './snapshot';

const now = new Date('2026-03-01T12:00:00Z');
const hour = 3_600_000;
const library = Catalogue.read(join(repositoryRoot, 'workflows'));

async function card(name: string, position: number): Promise<Gpu> {
  const { graph } = (await library).get('anime-still-sd15');
  const nodes = Object.values(graph).map((node) => node.class_type);
  const inventory = { nodes, checkpoints: ['m'], samplers: [], schedulers: [] };
  const config = { prefers: ['image'], only: false };
  return Object.assign(new Gpu(), { name, position, config, inventory, state: 'idle', detail: '', foreignPrompts: 0 });
}

const row = (id: string, changes: Partial<SnapshotFacts['rows'][number]> = {}): SnapshotFacts['rows'][number] => ({
  task_id: id,
  job_id: id,
  idx: 0,
  rank: rankOf.low,
  created_at: now,
  kind: id,
  workflow: 'anime-still-sd15',
  model_name: 'm',
  width: 512,
  height: 512,
  steps: 12,
  frames: 1,
  excluded_gpus: [],
  ...changes,
});
/** It came an hour before everything else. */
const measuring = (gpu: string): SnapshotFacts['rows'][number] =>
  row(`measures ${gpu}`, {
    rank: calibrationRank,
    calibration: true,
    only_gpu: gpu,
    created_at: new Date(now.getTime() - hour),
  });

async function started(rows: SnapshotFacts['rows'], idle = ['a', 'b']): Promise<unknown> {
  const snapshot = new Snapshot({
    gpus: [await card('a', 0), await card('b', 1)],
    live: [],
    works: new Map(),
    rows,
    more: false,
    needs: [],
    times: new LearntTimes(await library),
    workflows: await library,
    requirements: new RequirementsCache(),
    now,
    pause: undefined,
  });
  return new Map(snapshot.decide({ idle }).start.map(({ gpu, taskId }) => [gpu, taskId]));
}

describe('what measures a card', () => {
  it('begins on its own card when nothing else waits', async () => {
    expect(await started([measuring('b')])).toEqual(new Map([['b', 'measures b']]));
  });

  it('does not begin while anything waits that its card could take, though another card is about to', async () => {
    expect(await started([row('asked'), measuring('b')])).toEqual(new Map([['a', 'asked']]));
    expect(await started([row('asked'), measuring('b')], ['b'])).toEqual(new Map([['b', 'asked']]));
  });

  it('begins where its card may not take what waits', async () => {
    const rows = [row('asked', { excluded_gpus: ['b'] }), measuring('b')];
    expect(await started(rows)).toEqual(
      new Map([
        ['a', 'asked'],
        ['b', 'measures b'],
      ]),
    );
  });

  it('is given up where its card is no longer configured', async () => {
    expect(await started([measuring('gone')])).toEqual(new Map());
  });
});
