import { AppError } from '@tower/kit';
import type { LogLine } from './access/same-server';
import { answerLimits, type ComfyHttp } from './comfy-http';
import {
  comboOptions,
  fileMetadata,
  logLines,
  modelNames,
  objectInfo,
  systemStats,
  type ObjectInfo,
} from './comfy-messages';

/** Milliseconds; `/object_info` scans the model folders in the server's event loop. */
const timeouts = { stats: 5_000, models: 10_000, objectInfo: 120_000, features: 5_000 };

/** What a ComfyUI server said of itself and of what it can run. */
export interface ServerInventory {
  comfyuiVersion: string;
  pytorchVersion: string | null;
  device: string | null;
  deviceType: string | null;
  simulated: boolean;
  vramMb: number | null;
  vramFreeMb: number | null;
  /** Megabytes (MiB) of the machine's memory; absent in what was stored before they were read. */
  ramMb?: number | null;
  ramFreeMb?: number | null;
  checkpoints: string[];
  /** Files of every model folder, by the folder's name; absent in what was stored before folders were read. */
  models?: Record<string, string[]>;
  samplers: string[];
  schedulers: string[];
  /** Every node class the server knows. */
  nodes: string[];
}

export type GpuStats = Pick<
  ServerInventory,
  | 'comfyuiVersion'
  | 'pytorchVersion'
  | 'device'
  | 'deviceType'
  | 'simulated'
  | 'vramMb'
  | 'vramFreeMb'
  | 'ramMb'
  | 'ramFreeMb'
>;

/** What a server can do besides the common ground, found out by asking. */
export interface ServerFeatures {
  /** `/api/jobs` and its cancellation exist. */
  jobs: boolean;
}

/** What a server is and has. Reads only; asked once per boot and now and then, never while latency matters. */
export class ServerQuestions {
  constructor(private readonly http: ComfyHttp) {}

  async stats(): Promise<GpuStats> {
    const stats = await this.http.json('/system_stats', systemStats, timeouts.stats);
    const device = stats.devices[0];
    const megabytes = (bytes: number | null | undefined): number | null =>
      typeof bytes === 'number' ? Math.round(bytes / 1024 ** 2) : null;
    return {
      comfyuiVersion: stats.system.comfyui_version ?? 'unknown',
      pytorchVersion: stats.system.pytorch_version ?? null,
      device: device?.name ?? null,
      deviceType: device?.type ?? null,
      simulated: stats.system.argv.includes('--simulated'),
      vramMb: megabytes(device?.vram_total),
      vramFreeMb: megabytes(device?.vram_free),
      ramMb: megabytes(stats.system.ram_total),
      ramFreeMb: megabytes(stats.system.ram_free),
    };
  }

  /** Every node class with its inputs. Half a megabyte to thirty: kept in memory, never in the database. */
  objectInfo(): Promise<ObjectInfo> {
    return this.http.json('/object_info', objectInfo, timeouts.objectInfo, answerLimits.large);
  }

  /** Files by folder, for the folders that exist. Cheap: the server reads a folder anew only when it has changed. */
  async models(folders: readonly string[]): Promise<Record<string, string[]>> {
    const files: Record<string, string[]> = {};
    for (const folder of folders)
      files[folder] = await this.http.json(`/models/${encodeURIComponent(folder)}`, modelNames, timeouts.models);
    return files;
  }

  /** Names of the model folders; code and configuration lie in folders that this list also names. */
  async modelFolders(): Promise<string[]> {
    return (await this.http.json('/models', modelNames, timeouts.models)).filter(
      (folder) => folder !== 'configs' && folder !== 'custom_nodes',
    );
  }

  /**
   * What the header of a safetensors file says of it; undefined where the file, the header or the answer has nothing.
   */
  metadata(folder: string, name: string): Promise<Record<string, unknown> | undefined> {
    return this.http
      .json(
        `/view_metadata/${encodeURIComponent(folder)}?filename=${encodeURIComponent(name)}`,
        fileMetadata,
        timeouts.models,
      )
      .catch(absent);
  }

  /** The last lines of its console; none where it does not show them: it is not meant to be relied on. */
  async log(): Promise<LogLine[]> {
    try {
      return (await this.http.json('/internal/logs/raw', logLines, timeouts.features)).entries;
    } catch (error) {
      // A proxy that keeps it back, a server from before there were such lines, silence. Anything else is our fault.
      if (error instanceof AppError) return [];
      throw error;
    }
  }

  async features(): Promise<ServerFeatures> {
    const response = await this.http.request('/api/jobs?limit=1', { signal: AbortSignal.timeout(timeouts.features) });
    await response.body?.cancel();
    // A bad entry in its history makes the list answer 500, but it is there.
    return { jobs: response.status !== 404 };
  }
}

/** A file without a header, or a server that does not read them. */
function absent(error: unknown): undefined {
  if (error instanceof AppError && error.code === 'comfyui_unexpected_answer') return undefined;
  throw error;
}

/** The inventory that is stored and shown, made from what the server said. */
export function toInventory(stats: GpuStats, info: ObjectInfo, models: Record<string, string[]>): ServerInventory {
  const required = (node: string, input: string): string[] => comboOptions(info[node]?.input.required?.[input]);
  return {
    ...stats,
    checkpoints: models['checkpoints'] ?? required('CheckpointLoaderSimple', 'ckpt_name'),
    models,
    samplers: required('KSampler', 'sampler_name'),
    schedulers: required('KSampler', 'scheduler'),
    nodes: Object.keys(info).sort(),
  };
}
