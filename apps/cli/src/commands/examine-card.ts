import {
  describeCertificateTrouble,
  describeLoginRefusal,
  describePage,
  describeRedirect,
  deviceMismatches,
  fetchFromCard,
  isLoginRefusal,
  type ConfiguredGpu,
  type SeenDevice,
} from '@tower/comfyui';
import { causesOf } from '@tower/kit';
import { z } from 'zod';
import type { Finding } from './doctor';

const askTimeoutMs = 3_000;

/** What is read of `/system_stats`; a server may leave out any of it. */
const systemStats = z.object({
  system: z.object({ comfyui_version: z.string().nullish(), pytorch_version: z.string().nullish() }).nullish(),
  devices: z
    .array(z.object({ name: z.string().nullish(), type: z.string().nullish(), vram_total: z.number().nullish() }))
    .nullish(),
});

const fileNames = z.array(z.string());

/** Whether a card answers as a ComfyUI, has something to render with, and is what the configuration says. */
export async function examineCard(gpu: ConfiguredGpu): Promise<Finding> {
  const what = gpu.name;
  try {
    const stats = await ask(gpu, '/system_stats', systemStats);
    const checkpoints = await ask(gpu, '/models/checkpoints', fileNames);
    const seen = toDevice(stats);
    const about =
      `${gpu.url}: ComfyUI ` +
      `${stats.system?.comfyui_version ?? 'of unknown version'} on ${seen.device ?? 'an unknown device'}`;
    if (checkpoints.length === 0)
      return {
        what,
        level: 'problem',
        detail: `${about}, without any checkpoint: put one into its models/checkpoints`,
      };
    const counted = `${about}, ${checkpoints.length} ${checkpoints.length === 1 ? 'checkpoint' : 'checkpoints'}`;
    const mismatches = deviceMismatches(gpu, seen);
    if (mismatches.length > 0) return { what, level: 'note', detail: `${counted}. ${mismatches.join('. ')}` };
    return { what, level: 'ok', detail: counted };
  } catch (error) {
    if (error instanceof Refusal) return { what, level: 'problem', detail: error.message };
    const causes = causesOf(error);
    const certificate = describeCertificateTrouble(causes, gpu);
    return {
      what,
      level: 'problem',
      detail:
        `${gpu.url} does not answer as a ComfyUI ` +
        `(${causes})${certificate === '' ? '; start it, or correct the address' : certificate}`,
    };
  }
}

/** An answer whose sentence already says what to do. */
class Refusal extends Error {}

async function ask<Schema extends z.ZodType>(
  gpu: ConfiguredGpu,
  path: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  const response = await fetchFromCard(gpu.url + path, { signal: AbortSignal.timeout(askTimeoutMs) }, gpu.access);
  const { status, headers } = response;
  if (isLoginRefusal(status) || (status >= 300 && status < 400)) {
    await response.body?.cancel();
    throw new Refusal(
      isLoginRefusal(status)
        ? describeLoginRefusal(gpu, status, path, headers.get('www-authenticate'))
        : describeRedirect(gpu, path, headers.get('location')),
    );
  }
  const text = await response.text();
  const page = describePage(text);
  if (page !== '')
    throw new Error(
      `it answers ${path} with ` +
        `${page}${status === 200 ? ', which is a login or another program' : ` and status ${status}`}`,
    );
  if (!response.ok) throw new Error(`status ${status}`);
  const parsed = schema.safeParse(parseJson(text));
  if (!parsed.success) throw new Error(`it answers ${path} with something that is not ComfyUI's`);
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function toDevice({ system, devices }: z.output<typeof systemStats>): SeenDevice {
  const [device] = devices ?? [];
  const bytes = device?.vram_total;
  return {
    device: device?.name ?? null,
    deviceType: device?.type ?? null,
    pytorchVersion: system?.pytorch_version ?? null,
    vramMb: typeof bytes === 'number' ? Math.round(bytes / 1024 ** 2) : null,
  };
}
