import type { WorkflowGraph } from '../workflows/workflow-file';

/**
 * Milliseconds without a sign of life before a running node counts as hung (comfyui-protocol study, 4.2 and rows 32 and 33). Only a starting
 * point: an attempt gets at least twice its own estimate.
 */
const limits: { pattern: RegExp; stillMs: number; filmMs: number }[] = [
  // Nodes that may fetch weights at first use, which shows no progress at all.
  { pattern: /Download|InsightFace|FaceID|RIFE VFI Download/i, stillMs: 1_800_000, filmMs: 1_800_000 },
  { pattern: /RIFE|FILM VFI|VFI$/, stillMs: 600_000, filmMs: 600_000 },
  { pattern: /^VHS_/, stillMs: 300_000, filmMs: 300_000 },
  { pattern: /Loader|LoadModel|Load.*Model/, stillMs: 600_000, filmMs: 600_000 },
  { pattern: /VAE(Decode|Encode)|Decode|Encode/, stillMs: 300_000, filmMs: 900_000 },
  { pattern: /Sampler/, stillMs: 120_000, filmMs: 600_000 },
];
const otherwiseMs = 120_000;
/** The first run of a shape after a boot compiles and tunes kernels. */
const afterBoot = { atLeastMs: 600_000, factor: 5 };

const filmNodes = /^(ADE_|Wan|CogVideo|VHS_|RIFE|SaveVideo|SaveWEBM|SaveAnimated|CreateVideo|EmptyHunyuanLatentVideo)/;

const isFilm = (graph: WorkflowGraph): boolean => Object.values(graph).some((node) => filmNodes.test(node.class_type));

/**
 * Milliseconds that this prompt may show no sign of life. Without a node, as when nothing is heard from the server, the most patient node
 * of the graph decides.
 */
export function patienceMs(graph: WorkflowGraph, node: string | null, firstAfterBoot: boolean): number {
  const film = isFilm(graph);
  const current = node === null ? undefined : graph[node];
  const classes = current ? [current.class_type] : Object.values(graph).map((one) => one.class_type);
  const longest = Math.max(...classes.map((name) => limitOf(name, film)));
  return firstAfterBoot ? Math.max(afterBoot.atLeastMs, longest * afterBoot.factor) : longest;
}

/** Milliseconds that an interrupt may take: it is obeyed between steps, and a step of a film can last a minute. */
export const obeyMs = (graph: WorkflowGraph): number => (isFilm(graph) ? 180_000 : 60_000);

function limitOf(className: string, film: boolean): number {
  const limit = limits.find(({ pattern }) => pattern.test(className));
  return limit === undefined ? otherwiseMs : film ? limit.filmMs : limit.stillMs;
}
