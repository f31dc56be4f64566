import type { GpuView } from '@tower/contracts';
import { shorten } from '@tower/kit';
import { detailOf, memoryMbOf } from '../cards/card';
import type { Gpu } from '../cards/card.entity';
import { namesWithin } from './names-within';

/** Bytes for the names of checkpoints of all cards together. */
export const nameBytes = 96 * 1024;
const maxWarnings = 20;

/** What is told of a card; `currentJobId` is the job whose attempt runs on it. */
export const toGpuView = (gpu: Gpu, currentJobId: string | null, claimedMb: number): GpuView => ({
  name: gpu.name,
  url: gpu.config.url,
  vendor: gpu.config.vendor,
  state: gpu.state,
  detail: detailOf(gpu),
  simulated: gpu.inventory?.simulated ?? false,
  comfyui_version: gpu.inventory?.comfyuiVersion ?? null,
  device: gpu.inventory?.device ?? null,
  vram_mb: memoryMbOf(gpu),
  vram_free_mb: gpu.vramFreeMb,
  prefers: gpu.config.prefers,
  only: gpu.config.only,
  checkpoints: gpu.inventory?.checkpoints ?? [],
  current_job_id: currentJobId,
  drained: gpu.drained,
  claimed_mb: claimedMb,
  foreign_prompts: gpu.foreignPrompts,
  warnings: gpu.warnings,
  last_seen_at: gpu.lastSeenAt?.toISOString() ?? null,
});

/** Cards and their files may be many; each shows its share, and says how many names are left out. */
export function boundedGpu(gpu: GpuView, cards: number): GpuView {
  const { shown, omitted } = namesWithin(gpu.checkpoints, nameBytes / cards);
  return {
    ...gpu,
    checkpoints: shown,
    ...(omitted === undefined ? {} : { checkpoints_omitted: omitted }),
    detail: shorten(gpu.detail, 1_000),
    warnings: gpu.warnings.slice(0, maxWarnings).map((warning) => shorten(warning, 300)),
  };
}
