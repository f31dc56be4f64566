import { createHash } from 'node:crypto';
import { modelKey, type Priority } from '@tower/contracts';
import { requirementsKey } from '../workflows/compatibility/requirements-cache';
import { noChanges } from '../workflows/composition';
import type { Workflow } from '../workflows/template/workflow-file';
import type { Job } from './job.entity';
import { pinnedTo } from './pinned-card';
import type { Task } from './task.entity';

/** Of a job, what decides which cards can take its tasks. */
type QueuedWork = Pick<Job, 'workflow' | 'modelName' | 'width' | 'height' | 'frames' | 'parameters' | 'parts'> &
  Partial<Pick<Job, 'onlyGpu'>>;
/** Of a task, what recovery has decided about that. */
type QueuedState = Pick<Task, 'plan' | 'excludedGpus' | 'recovery'>;

const untouched: QueuedState = { plan: noChanges, excludedGpus: [], recovery: [] };

const digest = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 16);

const stamps = new WeakMap<Workflow, string>();

/** Of a template as it is now. A kind that bears another one was made from a template that has changed since. */
export function stampOf(workflow: Workflow): string {
  const stamp = stamps.get(workflow) ?? digest([workflow.file, workflow.graph]);
  stamps.set(workflow, stamp);
  return stamp;
}

/**
 * The place of a job's tasks in line. Tasks of one kind fit the same cards, so the oldest of each kind stands for all
 * of them. The kind is
 * `<template>.<work>.<what recovery decided>`; of a template that is gone no more is known than its name.
 */
export function placeInQueue(
  job: QueuedWork & Pick<Job, 'rank'>,
  workflow: Workflow | undefined,
  state: QueuedState = untouched,
): Pick<Task, 'rank' | 'kind'> {
  const asked = { values: job.parameters, parts: job.parts, plan: noChanges };
  const needs = workflow === undefined ? null : requirementsKey(workflow, asked);
  // Sizes and the model decide how much memory it takes.
  const onlyGpu = job.onlyGpu ?? undefined;
  const work = digest([
    ...[job.workflow, needs, modelKey(job.modelName), job.width, job.height, job.frames],
    ...(onlyGpu === undefined ? [] : [onlyGpu]),
  ]);
  return { rank: job.rank, kind: `${workflow === undefined ? 'gone' : stampOf(workflow)}.${work}.${stateOf(state)}` };
}

/** The kind of a task after recovery decided something else about it. */
export const kindAfter = (kind: string, state: QueuedState): string =>
  [...kind.split('.').slice(0, 2), stateOf(state)].join('.');

/** The template that a kind was made from; empty for tasks that were queued before kinds were. */
export const stampIn = (kind: string): string => kind.split('.')[0] ?? '';

function stateOf({ plan, excludedGpus, recovery }: QueuedState): string {
  const pinned = pinnedTo(recovery);
  return plan.steps.length + excludedGpus.length === 0 && pinned === undefined
    ? 'new'
    : digest([plan.steps, [...new Set(excludedGpus)].sort(), pinned ?? null]);
}

/** Of what measures a card: behind everything that somebody asked for. */
export const calibrationRank = 4;

/** Served first to last. */
export const rankOf: Record<Priority, number> = { urgent: 0, high: 1, normal: 2, low: 3 };
