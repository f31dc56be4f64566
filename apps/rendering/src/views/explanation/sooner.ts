import { preset as presets, type Preset, type Priority, type SoonerEntry } from '@tower/contracts';
import type { Card } from '../../cards/card';
import type { Job } from '../../jobs/job.entity';
import { rankOf } from '../../jobs/queue-place';
import { ineligibility } from '../../planning/eligibility';
import type { Span } from '../../planning/plan-facts';
import type { Snapshot } from '../../planning/snapshot';
import type { WaitingTask } from '../../planning/waiting-task';
import { describeMissing, lacking } from '../../workflows/compatibility/requirements';
import type { ParameterValues } from '../../workflows/composition';
import type { Workflow } from '../../workflows/template/workflow-file';
import { promisedResult, type PromisedResult } from '../../workflows/values/planned-values';
import { secondsText } from './seconds-text';

/** Seconds; less is not worth a change. */
const leastSaved = 1;

type Change = Pick<SoonerEntry, 'change'> & { words: string; spans: ReadonlyMap<string, Span> };

/**
 * What would make the waiting tasks of a job ready sooner, each planned anew, the most first: a higher priority, a
 * lower
 * preset, a card that does not work now, a model that a card lacks.
 */
export function soonerFor(job: Job, own: readonly WaitingTask[], snapshot: Snapshot): SoonerEntry[] {
  const first = own[0];
  if (first === undefined) return [];
  const today = endOf(own, snapshot.spansIf({}));
  return [
    ...priorityChanges(own, snapshot),
    ...presetChanges(job, own, snapshot),
    ...cardChanges(own, first, snapshot),
    ...modelChanges(own, first, snapshot),
  ]
    .flatMap((change) => entryOf(change, today, endOf(own, change.spans)))
    .sort((a, b) => (b.seconds_sooner ?? Infinity) - (a.seconds_sooner ?? Infinity));
}

/** Seconds until the last of these is done; undefined where that is not known. */
function endOf(own: readonly WaitingTask[], spans: ReadonlyMap<string, Span>): number | undefined {
  const found = own.map(({ taskId }) => spans.get(taskId));
  return found.some((span) => span === undefined || span.unknown !== undefined)
    ? undefined
    : Math.max(...found.map((span) => span?.finishIn ?? 0));
}

function entryOf({ change, words }: Change, today: number | undefined, then: number | undefined): SoonerEntry[] {
  if (then === undefined) return [];
  if (today === undefined)
    return [{ change, seconds_sooner: null, sentence: `${words} it would be ready in about ${secondsText(then)}` }];
  const saved = today - then;
  if (saved < leastSaved) return [];
  const sentence = `${words} it would be ready about ${secondsText(saved)} sooner, in ${secondsText(then)}`;
  return [{ change, seconds_sooner: Math.round(saved * 10) / 10, sentence }];
}

/** The line with these tasks instead of those of the same id. */
function lineWith(snapshot: Snapshot, changed: readonly WaitingTask[]): WaitingTask[] {
  const byId = new Map(changed.map((task) => [task.taskId, task]));
  return snapshot.waiting.map((task) => byId.get(task.taskId) ?? task);
}

function priorityChanges(own: readonly WaitingTask[], snapshot: Snapshot): Change[] {
  const rank = own[0]?.rank ?? 0;
  return (Object.entries(rankOf) as [Priority, number][])
    .filter(([, higher]) => higher < rank)
    .map(([priority, higher]) => ({
      change: `priority: ${priority}`,
      words: `With priority ${priority}`,
      spans: snapshot.spansIf({
        tasks: lineWith(
          snapshot,
          own.map((task) => ({ ...task, rank: higher })),
        ),
      }),
    }));
}

function presetChanges(job: Job, own: readonly WaitingTask[], snapshot: Snapshot): Change[] {
  const workflow = snapshot.templateOf(job.workflow);
  if (workflow === undefined) return [];
  const lower = presets.options.slice(0, presets.options.indexOf(job.preset)).reverse();
  return lower.flatMap((preset): Change[] => {
    const made = atPreset(workflow, job, preset);
    if (made === undefined) return [];
    const { steps, promised } = made;
    const { width, height, frames } = promised;
    const changed = own.map((task) => ({ ...task, width, height, frames, steps }));
    return [
      {
        change: `preset: ${preset}`,
        words: `Asked for again with the ${preset} preset`,
        spans: snapshot.spansIf({ tasks: lineWith(snapshot, changed) }),
      },
    ];
  });
}

/**
 * The job made with another preset: what has the value of its own preset follows, everything else was asked for.
 * Undefined where the workflow has no such preset, or nothing would change.
 */
export function atPreset(
  workflow: Workflow,
  { preset, parameters }: Pick<Job, 'preset' | 'parameters'>,
  other: Preset,
): { steps: number; promised: PromisedResult } | undefined {
  const [from, to] = [workflow.file.presets[preset] ?? {}, workflow.file.presets[other]];
  if (to === undefined) return undefined;
  const follows = (name: string): boolean => parameters[name] === (from[name] ?? defaultIn(workflow, name));
  // Sides go together: one that was asked for, or follows a picture, holds the other.
  const sides = ['width', 'height'];
  const sidesFollow = sides.every((name) => to[name] === undefined || follows(name));
  const changed = Object.entries(to).filter(([name, value]) => {
    const may = sides.includes(name) ? sidesFollow : follows(name);
    return may && parameters[name] !== value;
  });
  if (changed.length === 0) return undefined;
  const values: ParameterValues = { ...parameters, ...Object.fromEntries(changed) };
  return { steps: Number(values['steps'] ?? 0), promised: promisedResult(workflow, values) };
}

function defaultIn({ file }: Workflow, name: string): unknown {
  const parameter = file.parameters[name];
  return parameter !== undefined && 'default' in parameter ? parameter.default : undefined;
}

/** Cards that do not work, or only for somebody else, and could take it. */
function cardChanges(own: readonly WaitingTask[], first: WaitingTask, snapshot: Snapshot): Change[] {
  return snapshot.cards.flatMap((card): Change[] => {
    if (card.isUsable && card.foreignPrompts === 0) return [];
    const working: Card = { ...card, isUsable: true, isIdle: !isBusy(card.name, snapshot), foreignPrompts: 0 };
    if (ineligibility(working, first) !== undefined) return [];
    const cards = snapshot.cards.map((one) => (one.name === card.name ? working : one));
    const state = card.isUsable ? 'were free of prompts that somebody else queued' : 'worked';
    const why = card.isUsable ? '' : ` (${card.trouble ?? 'it does not answer'})`;
    return [
      {
        change: `card: ${card.name}`,
        words: `If ${card.name} ${state}${why}`,
        spans: snapshot.spansIf({ tasks: lineWith(snapshot, own), cards }),
      },
    ];
  });
}

const isBusy = (gpu: string, snapshot: Snapshot): boolean => snapshot.live.some((attempt) => attempt.gpu === gpu);

/** Cards that work and lack nothing but files. */
function modelChanges(own: readonly WaitingTask[], first: WaitingTask, snapshot: Snapshot): Change[] {
  const ids = new Set(own.map(({ taskId }) => taskId));
  return snapshot.cards.flatMap((card): Change[] => {
    const { requires } = first;
    if (!card.isUsable || requires === undefined || requires.fault !== undefined) return [];
    const missing = lacking(requires, card);
    if (missing.length === 0 || missing.some(({ kind }) => kind !== 'model')) return [];
    // With the files, and by all that else stands in the way.
    const complete = { ...requires, models: [], sought: [] };
    if (ineligibility(card, { ...first, requires: complete }) !== undefined) return [];
    const fits = (one: Card, task: WaitingTask): boolean =>
      (one.name === card.name && ids.has(task.taskId)) || ineligibility(one, task) === undefined;
    return [
      {
        change: `model: ${card.name}`,
        words: `If ${card.name} had ${missing.map(describeMissing).join(', ')}`,
        spans: snapshot.spansIf({ fits }),
      },
    ];
  });
}
