import { z } from 'zod';
import { gpuName } from '../gpu';
import { instant } from '../primitives';
import { preset } from './request';
import { givenUp } from './view';

const seconds = z.number().min(0).nullable();

/** When a request would be ready, made in one way. Seconds count from the answer; null where nothing is known. */
const forecast = z.object({
  width: z.int(),
  height: z.int(),
  steps: z.int().describe('0 where the workflow does not sample'),
  frame_count: z.int().min(1),
  fps: z.number().nullable(),
  gpu: gpuName.nullable().describe('the card on which the last result would be made'),
  gpus: z.array(gpuName).describe('all cards that would have a part in it'),
  starts_in: seconds.describe('seconds until the first result is begun'),
  ready_in: seconds.describe('seconds until all is ready'),
  low: seconds.describe('seconds; interval around `ready_in`'),
  high: seconds,
  p80: seconds.describe('seconds within which four of five should be ready; budgets and deadlines are held against it'),
  finish_at: instant.nullable(),
  confidence: z.number().min(0).max(1).nullable().describe('probability of the interval; null for priors and batches'),
  basis: z.string().describe('measured or a prior, in words; `unknown: …` where there are no numbers, and why'),
  fits: z.boolean().nullable().describe('whether p80 is within the budget; null without a budget or without numbers'),
});

const presetForecast = forecast.extend({ preset }).meta({ id: 'PresetForecast' });
export type PresetForecast = z.infer<typeof presetForecast>;

/** What `POST /generate` would choose with the same body. */
const chosenForecast = forecast
  .extend({ preset, given_up: z.array(givenUp).describe('what it would be less than asked') })
  .meta({ id: 'ChosenForecast' });

export const estimateAnswer = z
  .object({
    workflow: z.string(),
    model_name: z.string(),
    count: z.int(),
    priority: z.string(),
    deadline_at: instant.nullable().describe('from `time_budget_seconds` or `deadline_at`; null without either'),
    presets: z.array(presetForecast).describe('each preset that the workflow has, from the quickest to the best'),
    best: preset.nullable().describe('the best preset that fits the budget; null without a budget, or where none does'),
    chosen: chosenForecast.describe('what POST /generate would make of this body now'),
    refusal: z
      .object({ code: z.string(), detail: z.string() })
      .nullable()
      .describe('what POST /generate would answer to a strict deadline that cannot be kept'),
    suggestion: z.string().nullable().describe('a sentence when another preset would be ready much sooner'),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'EstimateAnswer' });
export type EstimateAnswer = z.infer<typeof estimateAnswer>;
