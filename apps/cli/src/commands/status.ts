import { isUsable, requestJob, routes, type StatusView } from '@tower/contracts';
import { withoutCredentials } from '@tower/kit';
import { ApiClient } from '../api-client';
import { readTowerEnv } from '../env';
import { towerHome } from '../home';
import { findRunningTower } from '../launcher/running-tower';
import { readPublisherUrl } from './nats';
import { describeUse } from './steer-gpus';

/** 0 when every process is ready and a card answers, 1 otherwise. */
export async function status(options: { json: boolean }): Promise<number> {
  const env = readTowerEnv();
  const running = findRunningTower(env.TOWER_HOME);
  const url = running?.url ?? `http://${env.TOWER_HOST}:${env.TOWER_PORT}`;
  const view = await new ApiClient(url, { patienceMs: 2_000 }).call(routes.getStatus, {});
  const nats = describeNats(towerHome(env.TOWER_HOME).natsPublisherUrl, env.NATS_URL);
  process.stdout.write(
    options.json ? `${JSON.stringify(view)}\n` : `${[...describeStatus(url, view), ...nats].join('\n')}\n`,
  );
  return isWell(view) ? 0 : 1;
}

/**
 * Where publishers connect, as whom, and one command to copy. The file holds the address with their password, which is
 * shown by `tower nats credentials` alone.
 */
export function describeNats(file: string, given: string | undefined): string[] {
  const address = readPublisherUrl(file);
  if (given !== undefined)
    return [
      `nats: ${withoutCredentials(given)}, a server that Tower does not run; publishers log in with what whoever ` +
        `runs it gives them (tower nats users has a user for them)`,
    ];
  if (address === undefined) return [];
  return [
    `nats: ${withoutCredentials(address)}; publishers log in as "${new URL(address).username}", ` +
      `with the address in ${file} (or: tower nats credentials)`,
    'a command, to be run in this folder; it prints the answer:',
    `  ${exampleCommand(file)}`,
  ];
}

/** Asks for a picture and waits for the answer; with what every copy of Tower has, quoted for a shell. */
function exampleCommand(file: string): string {
  const script = [
    `const u = new URL(require("fs").readFileSync(process.argv[1], "utf8").trim())`,
    `require("nats").connect({ servers: u.host, user: u.username, pass: u.password }).then(async (n) => { ` +
      `const id = crypto.randomUUID()`,
    `n.subscribe("${answersTo}" + id, { max: 1, callback: (_, m) => { console.log(m.string()); void n.close() } })`,
    `n.publish("${requestJob.subject}", ` +
      `JSON.stringify({ id, data: { type: "image", prompt: "a girl at the window" } })) })`,
  ].join('; ');
  return `node -e '${script}' '${file.replaceAll("'", `'\\''`)}'`;
}

/** Accepted or rejected. */
const answersTo = `evt.${requestJob.owner}.v1.*.`;

export const isWell = (view: StatusView): boolean =>
  view.rendering !== null &&
  view.processes.every((process) => process.state === 'ready') &&
  view.rendering.gpus.some(({ state }) => isUsable(state));

export function describeStatus(url: string, view: StatusView): string[] {
  const lines = [`Tower ${view.version} at ${url}${view.simulated ? ' (GPUs are SIMULATED)' : ''}`, '', 'processes'];
  for (const { service, state, pid, uptime_seconds: uptime, checks } of view.processes) {
    const bad = Object.entries(checks)
      .filter(([, check]) => !check.ok)
      .map(([name, check]) => `${name}: ${check.detail}`);
    const id = pid === null ? '' : `pid ${pid}`.padEnd(12);
    const up = uptime === null ? '' : `up ${duration(uptime)}`;
    const faults = bad.length === 0 ? '' : `  ${bad.join('; ')}`;
    lines.push(`  ${service.padEnd(14)} ${state.padEnd(9)} ${id} ${up}${faults}`.trimEnd());
  }
  for (const { service, open, newest } of view.dead_letters) {
    lines.push(
      `  ${service.padEnd(14)} ${open} messages could not be handled ` +
        `(tower dead-letters list --service ${service}), the newest: ${newest[0]?.reason ?? ''}`,
    );
  }
  if (view.rendering === null) return [...lines, '', 'rendering does not answer: queue and cards are not known'];
  const { queue, gpus, library } = view.rendering;
  lines.push('', 'cards');
  for (const gpu of gpus) {
    lines.push(
      `  ${gpu.name.padEnd(14)} ${gpu.state.padEnd(9)} ${gpu.url}  ${gpu.detail}${gpu.simulated ? ' (simulated)' : ''}`,
    );
    if (gpu.drained)
      lines.push(
        `  ${''.padEnd(14)} drained by ${gpu.drained.by} since ${gpu.drained.since}: tower gpus resume ${gpu.name}`,
      );
    if (gpu.claimed_mb > 0) lines.push(`  ${''.padEnd(14)} ${gpu.claimed_mb} MiB are claimed by other programs`);
    const used = view.rendering.utilisation[gpu.name];
    if (used !== undefined) lines.push(...describeUse(used).map((line) => `  ${''.padEnd(14)} ${line}`));
    for (const warning of gpu.warnings) lines.push(`  ${''.padEnd(14)} warning: ${warning}`);
  }
  if (gpus.length === 0) lines.push('  none configured');
  const waiting =
    queue.oldest_queued_seconds === null ? '' : `, the oldest for ${duration(queue.oldest_queued_seconds)}`;
  lines.push(
    '',
    `jobs: ${queue.pending + queue.queued} waiting${waiting}; ${queue.processing} on cards; ` +
      `${queue.quality_check} in the quality check`,
  );
  if (queue.paused)
    lines.push(`the queue is paused by ${queue.paused.by} since ${queue.paused.since}: tower queue resume`);
  if (queue.paused_jobs > 0) lines.push(`${queue.paused_jobs} jobs are paused`);
  lines.push(`library: ${gigabytes(library.free_bytes)} free of ${gigabytes(library.total_bytes)}`);
  for (const { place, ok, detail, file_system: fileSystem, lacks } of view.rendering.disks) {
    if (fileSystem !== null && lacks.length > 0)
      lines.push(`the disk of the ${place} is ${fileSystem.kind}: ${lacks.join('; ')}`);
    if (!ok) lines.push(`work waits: ${detail}`);
  }
  const { ffmpeg, warnings } = view.rendering.machine;
  lines.push(`ffmpeg: ${ffmpeg === null ? 'none' : `${ffmpeg.version} (${ffmpegSources[ffmpeg.source]})`}`);
  for (const warning of warnings) lines.push(`warning: ${warning}`);
  lines.push(...describeMissing(view.rendering.models.missing));
  return lines;
}

const ffmpegSources = { setting: 'FFMPEG_PATH', system: "the system's", package: 'from an npm package' } as const;

/** Missing things that a line can hold are named; for the rest the line says who names them. */
const namedMissing = 2;

/** One line per card and workflow that it cannot run. */
function describeMissing(all: NonNullable<StatusView['rendering']>['models']['missing']): string[] {
  const groups = new Map<string, typeof all>();
  for (const missing of all) {
    const place = `${missing.workflow} on ${missing.where}`;
    groups.set(place, [...(groups.get(place) ?? []), missing]);
  }
  return [...groups].map(([place, missing]) => {
    const rest = missing.length - namedMissing;
    const named = missing
      .slice(0, rest === 1 ? missing.length : namedMissing)
      .map(({ what }) => what)
      .join('; ');
    const workflow = missing[0]?.workflow ?? '';
    const others = rest > 1 ? `; and ${rest} more, which GET /api/anime/workflows/${workflow} names` : '';
    return `missing for ${place}: ${named}${others}`;
  });
}

export const gigabytes = (bytes: number): string => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;

function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3_600)} h`;
}
