import type { GpuConfig } from '@tower/contracts';

/** What a server says of its first device in `/system_stats`; null where it says nothing. */
export interface SeenDevice {
  /** As torch names it, such as `cuda:0 NVIDIA GeForce RTX 3060 : cudaMallocAsync`. */
  readonly device: string | null;
  /** `cuda` (NVIDIA, and AMD by ROCm or ZLUDA), `cpu`, `mps`, `xpu`, `privateuseone` (DirectML), … */
  readonly deviceType: string | null;
  /** Such as `2.8.0+cu128`. */
  readonly pytorchVersion: string | null;
  /** MiB. */
  readonly vramMb: number | null;
}

export type StatedCard = Pick<GpuConfig, 'name' | 'vendor' | 'vram_mb'>;

type Vendor = Exclude<GpuConfig['vendor'], 'unknown'>;

/** What a device computes with, and whose it can be. */
interface Backend {
  readonly name: string;
  readonly vendors: readonly Vendor[];
}

/** Share by which memory may differ from what is stated: drivers and error correction keep some of it. */
const memoryTolerance = 0.1;

/**
 * Drawn from the device's name where it names a maker, else from torch's own build; null when neither says anything.
 */
export function backendOf({ device, deviceType, pytorchVersion }: SeenDevice): Backend | null {
  const name = device ?? '';
  const build = pytorchVersion?.split('+')[1] ?? '';
  if (deviceType === 'cpu') return { name: 'the CPU', vendors: ['cpu'] };
  if (deviceType === 'xpu') return { name: 'Intel XPU', vendors: ['intel'] };
  // Some Macs have cards of AMD.
  if (deviceType === 'mps') return { name: 'Apple Metal', vendors: ['amd'] };
  if (deviceType === 'privateuseone') return { name: 'DirectML', vendors: ['nvidia', 'amd', 'intel'] };
  if (deviceType !== 'cuda') return null;
  // ZLUDA is a build for CUDA that runs on cards of AMD.
  if (/\[ZLUDA\]/i.test(name)) return { name: 'ZLUDA', vendors: ['amd'] };
  if (/^rocm/.test(build) || /\b(AMD|Radeon)\b|\bgfx\d/i.test(name)) return { name: 'ROCm', vendors: ['amd'] };
  if (/^cu\d/.test(build) || /\b(NVIDIA|GeForce|Quadro|Tesla)\b/i.test(name))
    return { name: 'CUDA', vendors: ['nvidia'] };
  return null;
}

/**
 * The device without its number and allocator, which change with launch flags: what was learnt on it holds while this
 * stays the same. Null where the server says nothing.
 */
export const deviceModel = (device: string | null | undefined): string | null =>
  device
    ?.replace(/^\w+:\d+\s/, '')
    .replace(/\s:\s\w*/, '')
    .trim() ?? null;

/** A model that a card's name in the configuration implies. */
interface ClaimedModel {
  /** As people write it: `RTX 3060`. */
  readonly model: string;
  readonly vendor: Vendor;
  readonly number: string;
  readonly suffix: string;
}

const makers: Record<string, Vendor> = { rtx: 'nvidia', gtx: 'nvidia', rx: 'amd', arc: 'intel' };

/** `rtx3060`, `studio-rx9070xt`, `rtx4070ti-super-2`; null for a name that names no model. */
export function claimedModel(cardName: string): ClaimedModel | null {
  const match =
    /(?:^|[-_])(rtx|gtx|rx|arc)[-_]?([ab]?\d{3,4})[-_]?(ti[-_]?super|super|ti|xtx|xt|gre)?(?![a-z0-9])/.exec(cardName);
  const [, series = '', number = '', suffix = ''] = match ?? [];
  const vendor = makers[series];
  if (vendor === undefined) return null;
  const bareSuffix = suffix.replace(/[-_]/g, '');
  const model = [series.toUpperCase(), number.toUpperCase(), bareSuffix.toUpperCase()]
    .filter((part) => part !== '')
    .join(' ');
  return { model, vendor, number, suffix: bareSuffix };
}

/**
 * Sentences about what a server's device is and its entry in the configuration says otherwise: what was seen, what was
 * stated, what to change. Nothing is compared with what the server does not say.
 */
export function deviceMismatches(stated: StatedCard, seen: SeenDevice): string[] {
  const backend = backendOf(seen);
  const other = vendorMismatch(stated, seen, backend) ?? modelMismatch(stated, seen, backend);
  const memory = memoryMismatch(stated, seen);
  return [...(other === null ? [] : [other]), ...(memory === null ? [] : [memory])];
}

function vendorMismatch({ name, vendor }: StatedCard, seen: SeenDevice, backend: Backend | null): string | null {
  if (backend === null || vendor === 'unknown' || backend.vendors.includes(vendor)) return null;
  return `${name} is configured as vendor: ${vendor}, but ${sawDevice(seen, backend)}: ${remedyOf(backend, 'vendor')}`;
}

function modelMismatch({ name }: StatedCard, seen: SeenDevice, backend: Backend | null): string | null {
  const claim = claimedModel(name);
  if (claim === null) return null;
  const says = `${name} has the name of the ${claim.model}, but`;
  if (backend !== null && !backend.vendors.includes(claim.vendor))
    return `${says} ${sawDevice(seen, backend)}: ${remedyOf(backend, 'name')}`;
  const model = modelWords(seen.device);
  if (model === null || fits(claim, model)) return null;
  return `${says} its server's device is ${quoted(seen.device)}: correct its url or its name`;
}

function memoryMismatch({ name, vram_mb: statedMb }: StatedCard, { deviceType, vramMb }: SeenDevice): string | null {
  // What others report is the machine's memory, or a number that stands for none.
  if (statedMb === undefined || vramMb === null || (deviceType !== 'cuda' && deviceType !== 'xpu')) return null;
  if (Math.abs(vramMb - statedMb) <= statedMb * memoryTolerance) return null;
  return (
    `${name} is configured with vram_mb: ${statedMb}, but its server's device has ${vramMb} MiB; work is ` +
    `planned with ${statedMb}: correct vram_mb or leave it out`
  );
}

const sawDevice = ({ device, pytorchVersion }: SeenDevice, backend: Backend): string =>
  `its server computes with ${backend.name} (device ` +
  `${quoted(device)}${pytorchVersion === null ? '' : `, torch ${pytorchVersion.slice(0, 30)}`})`;

const remedyOf = (backend: Backend, field: 'vendor' | 'name'): string =>
  backend.vendors[0] === 'cpu'
    ? `start that ComfyUI without --cpu and with a torch for its GPU, or correct ${field} or url`
    : `correct ${field}, or url where it is the wrong server`;

const quoted = (device: string | null): string => `"${(device ?? '').slice(0, 80)}"`;

/** The device's name in lower case, or null when it names no model (`AMD Radeon Graphics`, `mps`). */
function modelWords(device: string | null): string | null {
  const name = (deviceModel(device) ?? '').replace(/\bgfx\w+/gi, '');
  return /\d{2,}/.test(name) ? name.toLowerCase().replace(/[^a-z0-9]+/g, ' ') : null;
}

/** A name without a suffix does not say that there is none: people call an RTX 3060 Ti rtx3060. */
function fits({ number, suffix }: ClaimedModel, words: string): boolean {
  const end = suffix === '' ? '(?!\\d)' : `\\s?${suffix.replace('tisuper', 'ti\\s?super')}(?![a-z0-9])`;
  return new RegExp(`(?<!\\d)${number}${end}`).test(words);
}
