/**
 * Which of several cards renders which tasks in what order: unrelated parallel machines with sequence-dependent set-up
 * times, eligibility restrictions and release dates (Pinedo's `R | s_ijk, M_j, r_j | Σ w_j C_j`, or `C_max`). All times
 * are seconds from now. Cards, tasks and sets of models are indices from 0.
 */
export interface SequencingProblem {
  cards: number;
  tasks: number;
  /** By card: when it is free. */
  free: Float64Array;
  /** By card: the set of models that it holds then. */
  held: Int32Array;
  /** Number of different sets of models; what a card holds and what a task leaves are among them. */
  sets: number;
  /** By task: the set that is in memory after it. */
  leaves: Int32Array;
  /** At `(card · sets + from) · sets + to`: seconds to bring into memory what is missing. */
  setup: Float64Array;
  /** The same with 80 % certainty; at least `setup`. */
  lateSetup: Float64Array;
  /** At `card · tasks + task`: what the task takes there, median; `Infinity` where it may not run. */
  run: Float64Array;
  /** The same with 80 % certainty; at least `run`. */
  lateRun: Float64Array;
  /** The same: soft cost in seconds, beside what it takes. */
  cost: Float64Array;
  /** The same: it does not start there before. */
  release: Float64Array;
  /** By task: importance; how long it has waited; when it should be ready, `Infinity` where nobody said. */
  weight: Float64Array;
  waited: Float64Array;
  deadline: Float64Array;
  /** By task: tasks that must have started before it starts, and those that must have ended. */
  startsAfter: readonly (readonly number[])[];
  endsAfter: readonly (readonly number[])[];
  objective: Objective;
}

/** `flow`: waiting people, weighed; `makespan`: the earliest end of the last task. */
export type Objective = 'flow' | 'makespan';

/** By card: its tasks in their order. */
export type Sequences = number[][];
