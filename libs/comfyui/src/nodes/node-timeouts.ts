import type { PromptGraph } from '../prompt-graph';
import { nodeClassOf } from './node-catalogue';

const minutes = (count: number): number => count * 60_000;

interface Silence {
  /** In a graph without films. */
  readonly stillMs: number;
  readonly filmMs: number;
  /** Of a node that has reported no step, whatever the graph; left out: no different. */
  readonly withoutStepsMs?: number;
}

/**
 * Milliseconds without a sign of life before a running node that is listened to counts as hung (comfyui-protocol study,
 * 4.2 and rows 32 and 33). Only a starting point: an attempt gets at least twice its own estimate, and a node that
 * reports steps ten times the longest of them.
 */
const limits = {
  /** It may fetch weights at first use, which shows no progress at all. */
  fetching: { stillMs: minutes(30), filmMs: minutes(30) },
  interpolating: { stillMs: minutes(10), filmMs: minutes(10) },
  filmFiles: { stillMs: minutes(5), filmMs: minutes(5) },
  loading: { stillMs: minutes(10), filmMs: minutes(10) },
  /** Encoders and decoders, of texts too. */
  coding: { stillMs: minutes(5), filmMs: minutes(15) },
  sampling: { stillMs: minutes(2), filmMs: minutes(10) },
  quick: { stillMs: minutes(2), filmMs: minutes(2) },
  /** Until it reports a step it may fetch, load or compute, and have no bar. */
  unknown: { stillMs: minutes(2), filmMs: minutes(2), withoutStepsMs: minutes(30) },
} as const satisfies Record<string, Silence>;
export type SilenceName = keyof typeof limits;

/**
 * Until a node has reported a step: a sampler moves its model onto the card first, which from a slow disk takes
 * minutes.
 */
const beforeFirstStepMs = minutes(10);
/** A step may take so many times as long as the longest before it. */
const longestStepTimes = 10;
/** The first run of a shape after a boot compiles and tunes kernels. */
const afterBoot = { atLeastMs: minutes(10), factor: 5 };
/**
 * Without anything that is heard, being listed as running is the only sign of life, and says nothing of progress: such
 * a prompt gets an hour, a film four, or five times the longest that such work took on the card.
 */
const unheard = { stillMs: minutes(60), filmMs: minutes(240), longestTimes: 5 };

const isFilm = (graph: PromptGraph): boolean =>
  Object.values(graph).some((node) => nodeClassOf(node.class_type).film === true);

/** What was heard of a prompt on the connection that there is now. */
export interface HeardOf {
  /** The node that runs; null where none was named. */
  node: string | null;
  /** That node has reported a step. */
  ticked: boolean;
  /** Milliseconds; the longest of its steps so far, and of those of nodes before it. */
  longestStepMs: number;
  /** Nothing has succeeded since the server's start. */
  firstAfterBoot: boolean;
}

/**
 * Milliseconds that this prompt may show no sign of life on a connection that hears of it. Without a node the most
 * patient node of the graph decides.
 */
export function patienceMs(graph: PromptGraph, { node, ticked, longestStepMs, firstAfterBoot }: HeardOf): number {
  const film = isFilm(graph);
  const current = node === null ? undefined : graph[node];
  const classes = current ? [current.class_type] : Object.values(graph).map((one) => one.class_type);
  const ofClass = Math.max(...classes.map((name) => limitOf(name, film, ticked)));
  const longest = ticked ? Math.max(ofClass, longestStepMs * longestStepTimes) : Math.max(ofClass, beforeFirstStepMs);
  return firstAfterBoot ? Math.max(afterBoot.atLeastMs, longest * afterBoot.factor) : longest;
}

/**
 * Milliseconds that this prompt may run while nothing is heard of it, because its card's WebSocket cannot be had or
 * does not speak of it. `longestSeconds`: the longest that such work took on that card; null while unknown.
 */
export const unheardPatienceMs = (graph: PromptGraph, longestSeconds: number | null): number =>
  Math.max(isFilm(graph) ? unheard.filmMs : unheard.stillMs, (longestSeconds ?? 0) * 1_000 * unheard.longestTimes);

/** Milliseconds that an interrupt may take: it is obeyed between steps, and a step of a film can last a minute. */
export const obeyMs = (graph: PromptGraph): number => (isFilm(graph) ? 180_000 : 60_000);

function limitOf(className: string, film: boolean, ticked: boolean): number {
  const limit: Silence = limits[nodeClassOf(className).silence];
  const usual = film ? limit.filmMs : limit.stillMs;
  return ticked ? usual : (limit.withoutStepsMs ?? usual);
}
