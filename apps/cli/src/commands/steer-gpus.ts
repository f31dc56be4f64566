import { routes, type ClaimView, type GpuDetailView, type UtilisationView } from '@tower/contracts';
import { runningApi, tell } from './running-api';

interface Output {
  json: boolean;
}

/** Cards with what they do, have and come to next. */
export async function gpusList(options: Output): Promise<number> {
  const page = await runningApi().call(routes.listGpus, { query: { limit: 200 } });
  tell(page, options, ({ items }) => (items.length === 0 ? ['no card is configured'] : items.flatMap(describeGpu)));
  return 0;
}

/** One card. */
export async function gpusShow(name: string, options: Output): Promise<number> {
  tell(await runningApi().call(routes.getGpu, { params: { name } }), options, describeGpu);
  return 0;
}

/** Takes a card out of use. */
export async function gpusDrain(name: string, options: Output & { who: string; reason: string }): Promise<number> {
  const { who, reason } = options;
  const gpu = await runningApi().call(routes.drainGpu, { params: { name }, body: { who, reason } });
  tell(gpu, options, describeGpu);
  return 0;
}

/** Uses a drained card again. */
export async function gpusResume(name: string, options: Output & { who: string }): Promise<number> {
  const gpu = await runningApi().call(routes.resumeGpu, { params: { name }, body: { who: options.who } });
  tell(gpu, options, describeGpu);
  return 0;
}

/** Claims memory of a card for another program. */
export async function gpusClaim(
  name: string,
  options: Output & { megabytes: number; seconds: number; who: string },
): Promise<number> {
  const { megabytes, seconds, who } = options;
  const body = { megabytes, seconds, who };
  tell(await runningApi().call(routes.claimGpuMemory, { params: { name }, body }), options, describeClaim);
  return 0;
}

/** Ends one claim, or all of one program, or all of the card. */
export async function gpusRelease(
  name: string,
  id: string | undefined,
  options: Output & { who?: string },
): Promise<number> {
  const api = runningApi();
  const released =
    id === undefined
      ? await api.call(routes.releaseGpuClaims, {
          params: { name },
          query: options.who === undefined ? {} : { who: options.who },
        })
      : { released: [await api.call(routes.releaseGpuClaim, { params: { name, id } })] };
  tell(released, options, ({ released: claims }) =>
    claims.length === 0 ? ['no such claim holds'] : claims.flatMap(describeClaim),
  );
  return 0;
}

/** Lines for a person. */
export function describeGpu(gpu: GpuDetailView): string[] {
  const { memory, last_hour: used } = gpu;
  const lines = [`${gpu.name.padEnd(14)} ${gpu.state.padEnd(9)} ${gpu.detail}${gpu.simulated ? ' (simulated)' : ''}`];
  if (gpu.drained)
    lines.push(`  drained by ${gpu.drained.by} since ${gpu.drained.since}${because(gpu.drained.reason)}`);
  const total = memory.total_mb === null ? 'unknown' : `${memory.total_mb} MiB`;
  const free = memory.free_mb === null ? '' : `, ${memory.free_mb} free at the last look`;
  lines.push(`  memory: ${total}${free}${memory.claimed_mb === 0 ? '' : `, ${memory.claimed_mb} claimed`}`);
  for (const { file, since } of gpu.loaded)
    lines.push(`  loaded: ${file}${since === null ? ', for over an hour' : ` since ${since}`}`);
  for (const claim of gpu.claims) lines.push(...describeClaim(claim).map((line) => `  claim: ${line}`));
  for (const { job_id: job, stage, remaining_seconds: left, unknown } of gpu.running)
    lines.push(`  runs: ${job} ${stage}, ${left === null ? `end unknown: ${unknown ?? ''}` : `${seconds(left)} left`}`);
  for (const { job_id: job, workflow, priority, start_in_seconds: start, finish_in_seconds: end } of gpu.next)
    lines.push(`  next: ${job} ${workflow} (${priority}), in ${seconds(start)}, ready in ${seconds(end)}`);
  const more = gpu.next_total - gpu.next.length;
  if (more > 0) lines.push(`  next: and ${more} more`);
  lines.push(...describeUse(used).map((line) => `  ${line}`));
  for (const warning of gpu.warnings) lines.push(`  warning: ${warning}`);
  return lines;
}

/** How a card was used in the last hour, and how near its estimates were where any could be judged. */
export function describeUse(used: UtilisationView): string[] {
  const swaps =
    used.model_swaps === null ? `swaps unknown: ${used.model_swaps_unknown ?? ''}` : `${used.model_swaps} swaps`;
  const use =
    `last hour: ${Math.round(used.busy_share * 100)} % busy with ${used.attempts} attempts, ` +
    `${seconds(used.idle_with_work_seconds)} idle with work waiting, ${swaps}`;
  const { judged, within_fifth: near, in_interval: inside, median_error: error } = used.estimates;
  if (error === null) return [use];
  const of = `median of ${judged} attempts`;
  return [
    use,
    `estimates: off by ${Math.round(error * 100)} % (${of}), ${near} within 20 %, ${inside} in their interval`,
  ];
}

const describeClaim = ({ id, gpu, megabytes, who, until, ended_at: ended }: ClaimView): string[] => [
  `${id} ${who} ${megabytes} MiB of ${gpu}, ${ended === null ? `until ${until}` : `ended at ${ended}`}`,
];

const seconds = (value: number): string => `${Math.round(value)} s`;
const because = (reason: string): string => (reason === '' ? '' : `: ${reason}`);
