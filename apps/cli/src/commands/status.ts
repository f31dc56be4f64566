import { routes, type StatusView } from '@tower/contracts';
import { ApiClient } from '../api-client';
import { readTowerEnv } from '../env';
import { findRunningTower } from '../launcher/running-tower';

/** 0 when every process is ready and a card answers, 1 otherwise. */
export async function status(options: { json: boolean }): Promise<number> {
  const env = readTowerEnv();
  const running = findRunningTower(env.TOWER_HOME);
  const url = running?.url ?? `http://${env.TOWER_HOST}:${env.TOWER_PORT}`;
  const view = await new ApiClient(url, { patienceMs: 2_000 }).call(routes.getStatus, {});
  process.stdout.write(options.json ? `${JSON.stringify(view)}\n` : `${describeStatus(url, view).join('\n')}\n`);
  return isWell(view) ? 0 : 1;
}

export const isWell = (view: StatusView): boolean =>
  view.rendering !== null && view.processes.every((process) => process.state === 'ready') && view.rendering.gpus.some((gpu) => gpu.state !== 'down' && gpu.state !== 'unknown' && gpu.state !== 'unhealthy');

export function describeStatus(url: string, view: StatusView): string[] {
  const lines = [`Tower ${view.version} at ${url}${view.simulated ? ' (GPUs are SIMULATED)' : ''}`, '', 'processes'];
  for (const { service, state, pid, uptime_seconds: uptime, checks } of view.processes) {
    const bad = Object.entries(checks).filter(([, check]) => !check.ok).map(([name, check]) => `${name}: ${check.detail}`);
    lines.push(`  ${service.padEnd(14)} ${state.padEnd(9)} ${pid === null ? '' : `pid ${pid}`.padEnd(12)} ${uptime === null ? '' : `up ${duration(uptime)}`}${bad.length === 0 ? '' : `  ${bad.join('; ')}`}`.trimEnd());
  }
  if (view.rendering === null) return [...lines, '', 'rendering does not answer: queue and cards are not known'];
  const { queue, gpus, library } = view.rendering;
  lines.push('', 'cards');
  for (const gpu of gpus) {
    lines.push(`  ${gpu.name.padEnd(14)} ${gpu.state.padEnd(9)} ${gpu.url}  ${gpu.detail}${gpu.simulated ? ' (simulated)' : ''}`);
    for (const warning of gpu.warnings) lines.push(`  ${''.padEnd(14)} warning: ${warning}`);
  }
  if (gpus.length === 0) lines.push('  none configured');
  const waiting = queue.oldest_queued_seconds === null ? '' : `, the oldest for ${duration(queue.oldest_queued_seconds)}`;
  lines.push('', `jobs: ${queue.pending + queue.queued} waiting${waiting}; ${queue.processing} on cards; ${queue.quality_check} in the quality check`);
  lines.push(`library: ${gigabytes(library.free_bytes)} free of ${gigabytes(library.total_bytes)}`);
  for (const missing of view.rendering.models.missing) lines.push(`missing for ${missing.workflow}: ${missing.what} (${missing.where})`);
  return lines;
}

export const gigabytes = (bytes: number): string => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;

function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3_600)} h`;
}
