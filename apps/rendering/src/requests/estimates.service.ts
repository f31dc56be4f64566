import { Injectable } from '@nestjs/common';
import type { EstimateAnswer, estimateJobRequest, InputOf, PresetForecast } from '@tower/contracts';
import { RenderingMetrics } from '../rendering.metrics';
import { fitsWithin } from './fit-deadline';
import type { Forecast } from './forecast';
import { suggestionOf } from './job-accepted';
import { presetsOf, rungOf } from './ladder';
import { RequestGround } from './request-ground';
import { refusalOf, RequestPlanning, type PlannedRequest } from './request-planning';
import type { Variant } from './resolve-request';

/** When requests would be ready. Makes nothing. */
@Injectable()
export class EstimatesService {
  constructor(
    private readonly ground: RequestGround,
    private readonly planning: RequestPlanning,
    private readonly metrics: RenderingMetrics,
  ) {}

  /** Says of each preset when it would be ready. Throws what `RequestsService.request` would say is wrong with it. */
  async estimate({ body }: InputOf<typeof estimateJobRequest>): Promise<EstimateAnswer> {
    const planned = await this.planning.plan(body, await this.ground.under(body));
    this.metrics.estimatesAsked.inc();
    const { resolved, timing, line, preset } = planned;
    const budget = timing.deadlineAt === null ? null : (timing.deadlineAt.getTime() - line.now.getTime()) / 1000;
    const forecast = (variant: Variant): Forecast => this.planning.forecast(planned, variant);
    const presets = this.presetsOf(planned, forecast, budget);
    const chosen = planned.fitted?.forecast ?? forecast(resolved);
    const refusal = refusalOf(planned);
    return {
      workflow: resolved.workflow.file.name,
      model_name: String(resolved.values['model_name'] ?? ''),
      count: body.count,
      priority: body.priority,
      deadline_at: timing.deadlineAt?.toISOString() ?? null,
      presets,
      best: presets.findLast(({ fits }) => fits === true)?.preset ?? null,
      chosen: { preset, ...toForecast(resolved, chosen, budget), given_up: timing.givenUp },
      refusal: refusal === undefined ? null : { code: refusal.code, detail: refusal.message },
      suggestion: suggestionOf(planned, chosen.estimate, (variant) => forecast(variant).estimate),
      warnings: resolved.warnings,
    };
  }

  private presetsOf(
    { asked }: PlannedRequest,
    forecast: (variant: Variant) => Forecast,
    budget: number | null,
  ): PresetForecast[] {
    return presetsOf(asked).flatMap((preset) => {
      const rung = rungOf(asked, preset);
      return rung === undefined ? [] : [{ preset, ...toForecast(rung, forecast(rung), budget) }];
    });
  }
}

function toForecast(
  { values, promised }: Variant,
  forecast: Forecast,
  budget: number | null,
): Omit<PresetForecast, 'preset'> {
  const { estimate, spans } = forecast;
  const last = [...spans].sort((a, b) => b.finishIn - a.finishIn)[0];
  const isKnown = estimate.remaining_seconds !== null;
  return {
    width: promised.width,
    height: promised.height,
    steps: Number(values['steps'] ?? 0),
    frame_count: promised.frames,
    fps: promised.fps,
    gpu: last?.gpu ?? null,
    gpus: [...new Set(spans.map(({ gpu }) => gpu))].sort(),
    starts_in: isKnown ? tenth(Math.min(...spans.map(({ startIn }) => startIn))) : null,
    ready_in: estimate.remaining_seconds,
    low: estimate.low,
    high: estimate.high,
    p80: estimate.p80,
    finish_at: estimate.finish_at,
    confidence: estimate.confidence,
    basis: estimate.basis,
    fits: fitsWithin(forecast, budget),
  };
}

const tenth = (seconds: number): number => Math.round(seconds * 10) / 10;
