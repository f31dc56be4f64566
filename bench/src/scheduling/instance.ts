import { plan, type Card, type LoadEstimate, type PlanFacts, type Waiting } from '@tower/rendering/planning';

/** A card and a model of the frozen work; see the fixtures' README. */
export interface FrozenCard {
  name: string;
  vram_mb: number;
  loaded: string | null;
}
export interface FrozenModel {
  name: string;
  vram_mb: number;
  /** By card. */
  load_seconds: number[];
}

/** Everything is there at time 0; the goal is the earliest end of the last task. */
export interface Instance {
  id: string;
  cards: FrozenCard[];
  models: FrozenModel[];
  /** Seconds by card; null: does not fit. */
  tasks: { id: string; model: string; seconds: (number | null)[] }[];
}

export interface Run {
  task: string;
  card: string;
  start: number;
  finish: number;
}

export interface Schedule {
  id: string;
  runs: Run[];
}

/** A card as the planner sees it, which takes whatever fits. */
export const cardOf = ({ name, vram_mb }: FrozenCard, position: number, isIdle: boolean): Card => ({
  name,
  position,
  prefers: ['image'],
  only: false,
  isIdle,
  isUsable: true,
  foreignPrompts: 0,
  resident: [],
  memoryMb: vram_mb,
  isRestartable: false,
  checkpoints: [],
  nodes: [],
});

/** A waiting task as the planner sees it. */
export const taskOf = (taskId: string, model: string): Waiting => ({
  taskId,
  jobId: taskId,
  work: 'image',
  modelName: model,
  classes: [],
  excludedGpus: [],
  models: [model],
});

/** What is known exactly. */
export const exactly = (seconds: number): LoadEstimate => ({ seconds, low: seconds, high: seconds, p80: seconds });

/** Seconds that a card needs to load a task's model where others are in memory. */
export function loadsOf(
  cards: readonly FrozenCard[],
  models: readonly FrozenModel[],
): NonNullable<PlanFacts<Waiting>['load']> {
  return ({ modelName }, gpu, resident) => {
    const seconds = models.find(({ name }) => name === modelName)?.load_seconds[
      cards.findIndex(({ name }) => name === gpu)
    ];
    return exactly(resident.includes(modelName) ? 0 : (seconds ?? 0));
  };
}

export const residentOf = (cards: readonly FrozenCard[]): Map<string, string[]> =>
  new Map(cards.map(({ name, loaded }) => [name, loaded === null ? [] : [loaded]]));

/** The whole schedule of an instance, as planned at once. */
export function planInstance({ id, cards, models, tasks }: Instance, decisionMs: number[]): Schedule {
  const secondsOf = (taskId: string, gpu: string): number | null =>
    tasks.find((task) => task.id === taskId)?.seconds[cards.findIndex(({ name }) => name === gpu)] ?? null;
  const began = performance.now();
  const { placements } = plan<Waiting>({
    cards: cards.map((card, position) => cardOf(card, position, true)),
    busy: new Map(),
    waiting: tasks.map((task) => taskOf(task.id, task.model)),
    estimate: ({ taskId }, gpu) => ({ ...exactly(secondsOf(taskId, gpu) ?? 0), confidence: 1, basis: 'exact' }),
    fits: ({ name }, { taskId }) => secondsOf(taskId, name) !== null,
    load: loadsOf(cards, models),
    resident: residentOf(cards),
    objective: 'makespan',
  });
  decisionMs.push(performance.now() - began);
  const runs = placements.map(({ task, span }) => ({
    task: task.taskId,
    card: span.gpu,
    start: span.startIn,
    finish: span.finishIn,
  }));
  return { id, runs };
}
