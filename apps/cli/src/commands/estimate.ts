import { readFileSync } from 'node:fs';
import { routes, type EstimateAnswer, type JobType, type Preset, type Priority } from '@tower/contracts';
import { invalid } from '@tower/kit';
import { z } from 'zod';
import { durationText, isForPeople, runningApi, writeLines } from './running-api';

/** What `tower estimate` is told. */
export interface EstimateOptions {
  project?: string;
  type: JobType;
  workflow?: string;
  preset?: Preset;
  count: number;
  model?: string;
  width?: number;
  height?: number;
  steps?: number;
  frames?: number;
  priority: Priority;
  budget?: number;
  deadline?: string;
  degrade: boolean;
  body?: string;
  json: boolean;
}

/** As the user says it; the service says what is wrong with it. */
type EstimateBody = Record<string, unknown>;

/** The route, with a body that was not looked at here. */
const anyBody = { ...routes.estimate, body: z.record(z.string(), z.unknown()) };

/**
 * Prints when a request would be ready, with each preset. 0, also where nothing fits: that is no fault of the command.
 */
export async function estimate(prompt: string | undefined, options: EstimateOptions): Promise<number> {
  const body = options.body === undefined ? bodyOf(prompt, options) : readBody(options.body);
  const answer = await runningApi().call(anyBody, { body });
  writeLines(isForPeople(options.json) ? describeEstimate(answer) : [JSON.stringify(answer)]);
  return 0;
}

/** Without a project only a still picture by prompt and preset can be asked for: the short form knows no more. */
export function bodyOf(prompt: string | undefined, options: EstimateOptions): EstimateBody {
  if (prompt === undefined && options.project === undefined)
    throw invalid('estimate_of_nothing', 'give a prompt, or a whole request with --body FILE (- reads standard input)');
  if (options.project === undefined) return shortBody(prompt ?? '', options);
  const { project, type, workflow, preset, count, model, width, height, steps, frames, priority } = options;
  return {
    project_id: project,
    job_type: type,
    count,
    priority,
    ...(prompt === undefined ? {} : { prompt }),
    ...given({ workflow, preset, width, height, steps, frame_count: frames, model_name: model }),
    ...given({ time_budget_seconds: options.budget, deadline_at: options.deadline }),
    ...(options.degrade ? { allow_degrade: true } : {}),
  };
}

function shortBody(prompt: string, options: EstimateOptions): EstimateBody {
  const { type, count, workflow, model, width, height, steps, frames, budget, deadline, degrade } = options;
  const needsProject = [workflow, model, width, height, steps, frames, budget, deadline].some(
    (value) => value !== undefined,
  );
  if (needsProject || type !== 'still_image' || count > 1 || degrade || options.priority !== 'normal')
    throw invalid(
      'project_needed',
      'name a project with --project ID: without one only a single still picture by --preset can be asked for',
    );
  return { type: 'image', prompt, ...given({ quality: options.preset }) };
}

const given = (values: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

function readBody(path: string): EstimateBody {
  const text = readFileSync(path === '-' ? 0 : path, 'utf8');
  try {
    return JSON.parse(text) as EstimateBody;
  } catch (cause) {
    throw invalid('body_not_json', `${path} is no JSON: ${(cause as Error).message}`);
  }
}

/** A line per preset, and what would be made. */
export function describeEstimate(answer: EstimateAnswer): string[] {
  const { workflow, model_name, count, presets, chosen, best, suggestion, refusal, warnings } = answer;
  const of = count === 1 ? '' : `${count} times `;
  return [
    `${of}${workflow}${model_name === '' ? '' : ` with ${model_name}`}`,
    ...presets.map((entry) => `  ${entry.preset.padEnd(9)} ${describeForecast(entry)}`),
    ...(answer.deadline_at === null ? [] : [`by ${answer.deadline_at} fits: ${best ?? 'no preset'}`]),
    `would be made: ${chosen.preset}, ${describeForecast(chosen)}`,
    ...chosen.given_up.map(({ sentence }) => `  gives up: ${sentence}`),
    ...(refusal === null ? [] : [`would be refused: ${refusal.detail}`]),
    ...(suggestion === null ? [] : [suggestion]),
    ...warnings,
  ];
}

function describeForecast(forecast: EstimateAnswer['chosen'] | EstimateAnswer['presets'][number]): string {
  const { width, height, steps, frame_count, gpu, ready_in, low, high, p80, basis, fits } = forecast;
  const frames = frame_count === 1 ? '' : ` × ${frame_count} frames`;
  const size = `${width} × ${height}${frames}${steps === 0 ? '' : `, ${steps} steps`}`;
  if (ready_in === null || low === null || high === null || p80 === null) return `${size}: ${basis}`;
  const verdict = fits === null ? '' : fits ? ', fits' : ', too late';
  return (
    `${size}: in ${durationText(ready_in)} on ${gpu ?? 'a card'} (${durationText(low)} to ${durationText(high)}, ` +
    `p80 ${durationText(p80)}${verdict}); ${basis}`
  );
}
