import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  routes,
  type ArtifactView,
  type CharacterView,
  type GpuView,
  type JobAccepted,
  type JobView,
  type ProjectView,
} from '@tower/contracts';
import { captionLines, makeContactSheet } from '@tower/imaging';
import type { ApiClient } from '../api-client';
import { chooseCards, type CardChoice } from './choose-cards';
import { askForLoop } from './demo-loop';
import { watchJob } from './job-watch';
import type { DemoFilm, DemoReport, DemoResult } from './report';

export interface DemoOptions {
  readonly count?: number | undefined;
  readonly size?: { width: number; height: number } | undefined;
  readonly steps?: number | undefined;
  readonly prompt?: string | undefined;
  readonly model?: string | undefined;
}

const perCard = 2;
const projectName = 'Tower demo';
const character = {
  name: 'Mira',
  base_prompt: '1girl, Mira, short silver hair, amber eyes, teal aviator jacket',
  negative_tokens: ['extra fingers', 'different hair colour'],
};
const scenes = [
  'standing on a rooftop at dawn, city below, soft light, anime key visual',
  'reading a map in a night train, rain on the window, warm lamp',
  'running across a bridge, wind, cherry blossoms, dynamic angle',
  'close-up portrait, looking over the shoulder, evening sky',
  'repairing a small aeroplane in a hangar, tools, sunbeams',
  'walking through a night market, lanterns, reflections in puddles',
];
const negativePrompt = 'lowres, bad anatomy, blurry';

/** A processor needs minutes for what a card does in seconds. */
const slowSettings = { width: 128, height: 128, steps: 4 };

/** Milliseconds for cards that Tower has not looked at yet. */
const lookMs = 15_000;

/** Who makes the production, and who hears of it. */
interface Stage {
  readonly api: ApiClient;
  readonly project: ProjectView;
  readonly mira: CharacterView;
  readonly choice: CardChoice;
  readonly report: DemoReport;
  readonly signal: AbortSignal;
}

type StillSettings = Partial<{ width: number; height: number; steps: number }>;

/**
 * A small production through the public interface: project, character, stills on every card, a contact sheet, and a
 * loop where a card can make one.
 */
export async function runDemo(
  api: ApiClient,
  library: string,
  options: DemoOptions,
  report: DemoReport,
  signal: AbortSignal,
): Promise<DemoResult> {
  const gpus = await untilLookedAt(api, signal);
  const choice = chooseCards(gpus, options.model);
  const simulated = choice.cards.some((gpu) => gpu.simulated);
  const settings = settingsFor(choice, options);
  tellChoice(choice, simulated, settings, report);

  const project = await ensureProject(api);
  const mira = await ensureCharacter(api, project);
  const stage: Stage = { api, project, mira, choice, report, signal };
  const startedAt = performance.now();
  const count = options.count ?? perCard * choice.cards.length;
  const stills = await makeStills(stage, count, settings, options.prompt);
  const seconds = (performance.now() - startedAt) / 1000;
  const loop = await makeLoop(stage, count);
  report.settle();

  const finished: FinishedPicture[] = [];
  for (const job of stills) for (const artifact of await bestArtifacts(api, job)) finished.push({ job, artifact });
  const sheet =
    finished.length === 0 ? null : await writeContactSheet(join(library, project.slug), library, finished, simulated);
  const failures = [...stills, ...loop].filter((job) => job.status !== 'completed').map(toFailure);
  return {
    ok: failures.length === 0,
    simulated,
    project_id: project.id,
    seconds,
    pictures: finished.map(({ job, artifact }) => toPicture(job, artifact, library)),
    films: (await Promise.all(loop.map((job) => filmsOf(api, job, library)))).flat(),
    contact_sheet: sheet === null ? null : shown(sheet),
    failures,
  };
}

const settingsFor = (choice: CardChoice, options: DemoOptions): StillSettings => ({
  ...(choice.isSlow ? slowSettings : {}),
  ...options.size,
  ...(options.steps === undefined ? {} : { steps: options.steps }),
});

function tellChoice(choice: CardChoice, simulated: boolean, settings: StillSettings, report: DemoReport): void {
  if (simulated) report.say('The GPUs are SIMULATED: the pictures are drawn, the times imitate real cards.');
  for (const remark of choice.remarks) report.say(remark);
  const cards = choice.cards.map((gpu) => `${gpu.name} (${gpu.device ?? gpu.vendor})`).join(', ');
  report.say(`Cards: ${cards}. Checkpoint: ${choice.checkpoint}.`);
  if (choice.isSlow)
    report.say(
      `A card computes on the processor, so the pictures are small: ` +
        `${settings.width}x${settings.height}, ${settings.steps} steps.`,
    );
}

/** Asks for all of them one after the other, and waits for all together. */
async function makeStills(
  stage: Stage,
  count: number,
  settings: StillSettings,
  onePrompt: string | undefined,
): Promise<JobView[]> {
  const watched: Promise<JobView>[] = [];
  for (let index = 0; index < count; index++) {
    const body = {
      project_id: stage.project.id,
      character_ids: [stage.mira.id],
      job_type: 'still_image' as const,
      prompt: onePrompt ?? scenes[index % scenes.length] ?? '',
      negative_prompt: negativePrompt,
      model_name: stage.choice.checkpoint,
      ...settings,
    };
    const watch = watchOn(stage, await stage.api.call(routes.generate, { body }), index);
    // Heard below; one that ends while others are still being asked for must not count as unheard.
    watch.catch(() => undefined);
    watched.push(watch);
  }
  return Promise.all(watched);
}

/** After the stills, so that these are there soon. Empty when no card can. */
async function makeLoop(stage: Stage, index: number): Promise<JobView[]> {
  const { api, project, choice, mira, report } = stage;
  const accepted = await askForLoop(api, project, choice, [mira.id]);
  if (typeof accepted === 'string') {
    report.say(accepted);
    return [];
  }
  return [await watchOn(stage, accepted, index)];
}

const watchOn = ({ api, report, signal }: Stage, accepted: JobAccepted, index: number): Promise<JobView> =>
  watchJob(
    api,
    { id: accepted.job_id, websocketPath: accepted.websocket_url },
    { onProgress: (view) => report.progress(index, view), signal },
  );

const toPicture = (job: JobView, artifact: ArtifactView, library: string): DemoResult['pictures'][number] => ({
  job_id: job.id,
  path: shown(join(library, artifact.path)),
  sha256: artifact.sha256,
  seed: artifact.seed,
  gpu: artifact.gpu,
  seconds: artifact.seconds,
});

async function filmsOf(api: ApiClient, job: JobView, library: string): Promise<DemoFilm[]> {
  return (await bestArtifacts(api, job)).map((artifact) => ({
    job_id: job.id,
    path: shown(join(library, artifact.path)),
    sha256: artifact.sha256,
    seed: artifact.seed,
    gpu: artifact.gpu,
    seconds: artifact.seconds,
    frames: artifact.frames,
    fps: artifact.fps,
    duration_seconds: artifact.duration_seconds,
  }));
}

interface FinishedPicture {
  readonly job: JobView;
  readonly artifact: ArtifactView;
}

/** Right after a start Tower may not have heard of every card yet. */
async function untilLookedAt(api: ApiClient, signal: AbortSignal): Promise<readonly GpuView[]> {
  const deadline = performance.now() + lookMs;
  for (;;) {
    const { rendering } = await api.call(routes.getStatus, {});
    if (rendering !== null && (rendering.gpus.every((gpu) => gpu.state !== 'unknown') || performance.now() > deadline))
      return rendering.gpus;
    await sleep(200, undefined, { signal });
  }
}

async function ensureProject(api: ApiClient): Promise<ProjectView> {
  for await (const project of pages((cursor) => api.call(routes.listProjects, { query: { limit: 200, ...cursor } })))
    if (project.name === projectName) return project;
  return api.call(routes.createProject, {
    body: { name: projectName, description: 'Made by `tower demo`.', gate_policy: 'advise' },
  });
}

async function ensureCharacter(api: ApiClient, project: ProjectView): Promise<CharacterView> {
  const params = { id: project.id };
  for await (const known of pages((cursor) =>
    api.call(routes.listProjectCharacters, { params, query: { limit: 200, ...cursor } }),
  ))
    if (known.name === character.name) return known;
  return api.call(routes.createCharacter, { params, body: character });
}

async function* pages<Item>(
  read: (cursor: { cursor?: string }) => Promise<{ items: Item[]; next_cursor?: string | undefined }>,
): AsyncGenerator<Item> {
  let cursor: string | undefined;
  do {
    const page = await read(cursor === undefined ? {} : { cursor });
    yield* page.items;
    cursor = page.next_cursor;
  } while (cursor !== undefined);
}

/** Of a picture that was rendered again because it was rejected, only the best is shown. */
async function bestArtifacts(api: ApiClient, job: JobView): Promise<ArtifactView[]> {
  const { items } = await api.call(routes.listJobArtifacts, { params: { id: job.id }, query: { limit: 200 } });
  return items.filter((artifact) => artifact.best);
}

async function writeContactSheet(
  folder: string,
  library: string,
  pictures: readonly FinishedPicture[],
  simulated: boolean,
): Promise<string> {
  const items = pictures.map(({ job, artifact }) => ({
    picture: join(library, artifact.path),
    captionLines: captionLines({
      prompt: job.prompt,
      seed: artifact.seed,
      card: artifact.gpu,
      seconds: artifact.seconds ?? 0,
    }),
  }));
  const now = new Date();
  const time = now.toISOString().replace(/[-:]|\.\d+/g, '');
  const title = `${projectName}, ${time}${simulated ? ' (SIMULATED GPUs)' : ''}`;
  const png = await makeContactSheet(items, { title });
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `contact-sheet-${time}.png`);
  writeFileSync(`${path}.new`, png);
  renameSync(`${path}.new`, path);
  return path;
}

function toFailure(job: JobView): DemoResult['failures'][number] {
  const { code, message, hint } = job.error ?? { code: `job_${job.status}`, message: job.stage, hint: '' };
  return { job_id: job.id, status: job.status, code, message, hint };
}

/** Short where the reader stands in the project folder. */
function shown(path: string): string {
  const below = relative(process.cwd(), path);
  return below.startsWith('..') || isAbsolute(below) ? path : below;
}
