import type { EstimateView } from '@tower/contracts';
import type { Task } from '../jobs/task.entity';
import type { Span } from '../planning/plan-facts';
import type { Snapshot } from '../planning/snapshot';
import type { WaitingTask } from '../planning/waiting-task';
import { beyondForecast, noCardCanRunIt, settled, toEstimate, unknownEstimate } from '../views/estimate-view';
import type { asResolved } from './job-intake';

/** How the line stands when a request comes. */
export interface Line {
  snapshot: Snapshot;
  /** About how many tasks wait before it, where that is more than the forecast looks at; else null. */
  before: number | null;
  now: Date;
}

/** Work that stands, or would stand, at the end of the line of its rank. */
export type Arriving = Pick<
  ReturnType<typeof asResolved>,
  'workflow' | 'modelName' | 'width' | 'height' | 'steps' | 'frames' | 'parameters' | 'parts'
> & { id: string; rank: number; deadlineAt: Date | null };

/** When it would be ready, and what of the plan says so; no spans where nothing is known. */
export interface Forecast {
  estimate: EstimateView;
  spans: readonly Span[];
}

/** Its tasks as the snapshot sees waiting ones. */
export const asWaiting = (
  work: Arriving,
  tasks: readonly Pick<Task, 'id' | 'kind'>[],
  { snapshot, now }: Pick<Line, 'snapshot' | 'now'>,
): WaitingTask[] =>
  tasks.map((task, index) =>
    snapshot.see({
      task_id: task.id,
      job_id: work.id,
      workflow: work.workflow,
      model_name: work.modelName,
      width: work.width,
      height: work.height,
      steps: work.steps,
      frames: work.frames,
      excluded_gpus: [],
      // What holds for the first holds for all.
      ...(index === 0 ? { parameters: work.parameters, parts: work.parts } : {}),
      rank: work.rank,
      kind: task.kind,
      deadline_at: work.deadlineAt,
      created_at: now,
    }),
  );

/**
 * The estimate is for the end of the line as it was a moment ago, unless nobody can run it or nothing is given out.
 * `checked`: quality looks at the results.
 */
export function forecastOf(tasks: readonly WaitingTask[], { snapshot, before, now }: Line, checked: boolean): Forecast {
  if (snapshot.pause !== undefined) return unknown(`unknown: ${snapshot.pause}`);
  const impossible = tasks.find((task) => !snapshot.isTakenBySomeCard(task));
  if (impossible !== undefined) return unknown(noCardCanRunIt(snapshot, impossible));
  if (before !== null) return unknown(beyondForecast(before));
  const after = snapshot.settlingOf(tasks[0]?.workflow ?? '', checked);
  const spans = settled(snapshot.spansBehind(tasks[0]?.rank ?? 0, tasks, now), after);
  return { estimate: toEstimate(spans, now), spans };
}

const unknown = (basis: string): Forecast => ({ estimate: unknownEstimate(basis), spans: [] });
