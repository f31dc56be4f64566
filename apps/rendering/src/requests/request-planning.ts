import { Inject, Injectable } from '@nestjs/common';
import { askedPreset, givenSeed, preset as presets, type GenerateRequest, type Preset } from '@tower/contracts';
import { CLOCK, newId, type AppError, type Clock } from '@tower/kit';
import { ANSWERS_DB } from '@tower/service';
import type { DataSource } from 'typeorm';
import { placeInQueue, rankOf } from '../jobs/queue-place';
import { chooseSeed } from '../jobs/seed';
import { RenderingMetrics, type deadlineOutcomes } from '../rendering.metrics';
import { deadlineOf } from './deadline';
import { bestFitting, lateRefusal, type Fitted } from './fit-deadline';
import { asWaiting, forecastOf, type Forecast, type Line } from './forecast';
import { asResolved, type Timing } from './job-intake';
import { givenUpFor, ladderOf, presetsOf, type Rung } from './ladder';
import { assemblePrompt } from './prompt-reading';
import { archivedProject, RequestGround, type Ground } from './request-ground';
import type { ResolvedRequest, Variant, Wish } from './resolve-request';

/** A request as it would be carried out now. */
export interface PlannedRequest {
  /** As it was asked for, before a deadline chose. */
  asked: ResolvedRequest;
  wish: Wish;
  resolved: ResolvedRequest;
  line: Line;
  timing: Timing;
  /** The way that was chosen to make it; with its forecast where a deadline made one necessary. */
  preset: Preset;
  fitted: Fitted | undefined;
}

/** From a request to the way in which it is made: what `POST /generate` and `POST /estimate` have in common. */
@Injectable()
export class RequestPlanning {
  constructor(
    @Inject(ANSWERS_DB) private readonly db: DataSource,
    private readonly ground: RequestGround,
    private readonly metrics: RenderingMetrics,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Resolves a request; where it should be ready by a time, the best way of making it that is. Throws an AppError that
   * says what is wrong with it, `deadline_past` and `project_archived` among others.
   */
  async plan(body: GenerateRequest, ground: Ground): Promise<PlannedRequest> {
    const [project, planned] = await Promise.allSettled([ground.project, this.planOn(body, ground)]);
    if (project.status === 'rejected') throw project.reason;
    if (project.value.archived_at !== null) throw archivedProject(project.value.id);
    if (planned.status === 'rejected') throw planned.reason;
    return planned.value;
  }

  /**
   * Counts how a deadline that was asked for stands.
   * @throws AppError `deadline_impossible` where the request is strict and its deadline is not known to be kept
   */
  admit(planned: PlannedRequest): void {
    if (planned.fitted === undefined) return;
    this.metrics.deadlinesAsked.inc({ outcome: outcomeOf(planned) });
    const refusal = refusalOf(planned);
    if (refusal !== undefined) throw refusal;
  }

  /** When it would be ready if it were made so. */
  forecast({ wish, resolved, line, timing }: PlannedRequest, variant: Variant = resolved): Forecast {
    return forecastFor(wish.request, { ...resolved, ...variant }, line, timing.deadlineAt);
  }

  /** As `plan`, whatever becomes of the project. */
  private async planOn(body: GenerateRequest, { snapshot, parts }: Omit<Ground, 'project'>): Promise<PlannedRequest> {
    const deadlineAt = deadlineOf(body, this.clock.now());
    const wish: Wish = {
      request: body,
      prompt: assemblePrompt(body, parts.characters),
      seed: givenSeed(body) ?? chooseSeed(body.count),
    };
    const resolved = await this.ground.resolve(this.db.manager, wish, snapshot);
    const rank = rankOf[body.priority];
    const before = await this.ground.lineBefore(snapshot, rank, this.clock.now());
    const line: Line = { snapshot, before, now: this.clock.now() };
    const asked = { asked: resolved, wish, resolved, line, preset: askedPreset(body) };
    if (deadlineAt === null) return { ...asked, timing: { deadlineAt: null, givenUp: [] }, fitted: undefined };
    return this.fitTo(deadlineAt, asked);
  }

  private async fitTo(
    deadlineAt: Date,
    { wish, resolved, line }: Pick<PlannedRequest, 'wish' | 'resolved' | 'line'>,
  ): Promise<PlannedRequest> {
    const { request } = wish;
    const asked: Rung = { ...resolved, preset: askedPreset(request), others: {} };
    const fitted = bestFitting(
      ladderOf(resolved, request.preset ?? bestPreset(resolved), request.allow_degrade),
      asked,
      (rung) => forecastFor(request, { ...resolved, ...rung }, line, deadlineAt),
      (deadlineAt.getTime() - line.now.getTime()) / 1000,
    );
    const { rung } = fitted;
    const isLess = request.preset !== undefined || presets.options.indexOf(rung.preset) <= standard;
    const timing = { deadlineAt, givenUp: isLess ? givenUpFor(resolved, asked, rung) : [] };
    const chosen = { asked: resolved, line, timing, preset: rung.preset, fitted };
    if (rung.preset === asked.preset && Object.keys(rung.others).length === 0) return { ...chosen, wish, resolved };
    // By the same way as a request that names it, so that everything is looked at that may depend on it.
    const named: Wish = { ...wish, request: naming(rung, request) };
    return { ...chosen, wish: named, resolved: await this.ground.resolve(this.db.manager, named, line.snapshot) };
  }
}

const standard = presets.options.indexOf('standard');

const bestPreset = (resolved: ResolvedRequest): Preset => presetsOf(resolved).at(-1) ?? 'standard';

/** The request that names what a rung is. */
function naming({ preset, others }: Rung, request: GenerateRequest): GenerateRequest {
  const { width, height, steps, frame_count, fps, ...parameters } = others;
  const own = { width, height, steps, frame_count, fps };
  const numbers = Object.entries(own).flatMap(([name, value]) =>
    typeof value === 'number' ? [[name, value] as const] : [],
  );
  return {
    ...request,
    ...Object.fromEntries(numbers),
    preset,
    parameters: { ...request.parameters, ...parameters },
  };
}

/** `deadline_impossible` for a strict request whose deadline is not known to be kept; else undefined. */
export function refusalOf({ wish, timing, fitted, line }: PlannedRequest): AppError | undefined {
  const isStrict = wish.request.strict_deadline === true;
  return isStrict && fitted !== undefined && timing.deadlineAt !== null
    ? lateRefusal(fitted, timing.deadlineAt, line.now)
    : undefined;
}

function forecastFor(
  { count, priority, auto_quality_check: checked }: GenerateRequest,
  resolved: ResolvedRequest,
  line: Line,
  deadlineAt: Date | null,
): Forecast {
  const work = { ...asResolved(resolved), id: newId(), rank: rankOf[priority], deadlineAt };
  const { kind } = placeInQueue(work, resolved.workflow);
  const tasks = Array.from({ length: count }, () => ({ id: newId(), kind }));
  return forecastOf(asWaiting(work, tasks, line), line, checked);
}

type DeadlineOutcome = (typeof deadlineOutcomes)[number];

function outcomeOf({ fitted, timing, wish }: PlannedRequest): DeadlineOutcome {
  const fits = fitted?.fits ?? null;
  if (fits !== true && wish.request.strict_deadline === true) return 'refused';
  if (fits === null) return 'unknown';
  if (!fits) return 'late';
  return timing.givenUp.length === 0 ? 'fits' : 'given_up';
}
