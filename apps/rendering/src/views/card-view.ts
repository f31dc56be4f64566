import type { GpuView } from '@tower/contracts';
import { memoryMbOf } from '../cards/card';
import type { Gpu } from '../cards/card.entity';

/** What is told of a card; `currentJobId` is the job whose attempt runs on it. */
export const toGpuView = (gpu: Gpu, currentJobId: string | null): GpuView => ({
  name: gpu.name,
  url: gpu.config.url,
  vendor: gpu.config.vendor,
  state: gpu.state,
  detail: gpu.detail,
  simulated: gpu.inventory?.simulated ?? false,
  comfyui_version: gpu.inventory?.comfyuiVersion ?? null,
  device: gpu.inventory?.device ?? null,
  vram_mb: memoryMbOf(gpu),
  vram_free_mb: gpu.vramFreeMb,
  prefers: gpu.config.prefers,
  only: gpu.config.only,
  checkpoints: gpu.inventory?.checkpoints ?? [],
  current_job_id: currentJobId,
  foreign_prompts: gpu.foreignPrompts,
  warnings: gpu.warnings,
  last_seen_at: gpu.lastSeenAt?.toISOString() ?? null,
});
