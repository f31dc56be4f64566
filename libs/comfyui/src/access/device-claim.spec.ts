import {
  backendOf,
  claimedModel,
  deviceMismatches,
  deviceModel,
  type SeenDevice,
  type StatedCard,
} from './device-claim';

const seen = (
  device: string | null,
  deviceType: string | null,
  pytorchVersion: string | null,
  vramMb: number | null = null,
): SeenDevice => ({ device, deviceType, pytorchVersion, vramMb });

const cpu = seen('cpu', 'cpu', '2.13.0+cpu', 24_106);
const rtx3060 = seen('cuda:0 NVIDIA GeForce RTX 3060 : cudaMallocAsync', 'cuda', '2.8.0+cu128', 11_911);
const rx9070xt = seen('cuda:0 AMD Radeon RX 9070 XT : native', 'cuda', '2.8.0+rocm6.4', 16_304);
const anyAmd = seen('cuda:0 AMD Radeon Graphics : native', 'cuda', '2.8.0+rocm6.4', 16_304);
const zluda = seen('cuda:0 AMD Radeon RX 6800 [ZLUDA] : native', 'cuda', '2.3.1+cu118', 16_384);
const directMl = seen('privateuseone', 'privateuseone', '2.4.1+cpu', 1_024);
const metal = seen('mps', 'mps', '2.8.0', 65_536);
const arc = seen('xpu:0 Intel(R) Arc(TM) A770 Graphics', 'xpu', '2.8.0+xpu', 15_930);
const silent = seen(null, null, null);

const card = (name: string, vendor: StatedCard['vendor'] = 'unknown', vramMb?: number): StatedCard => ({
  name,
  vendor,
  ...(vramMb === undefined ? {} : { vram_mb: vramMb }),
});

describe('backendOf', () => {
  it.each([
    [cpu, 'the CPU'],
    [rtx3060, 'CUDA'],
    [rx9070xt, 'ROCm'],
    [zluda, 'ZLUDA'],
    [directMl, 'DirectML'],
    [metal, 'Apple Metal'],
    [arc, 'Intel XPU'],
    [seen('cuda:0', 'cuda', '2.8.0+rocm6.4'), 'ROCm'],
    [seen('cuda:0 NVIDIA A100 : native', 'cuda', null), 'CUDA'],
  ])('%j computes with %s', (device, name) => {
    expect(backendOf(device)?.name).toBe(name);
  });

  it.each([silent, seen('npu', 'npu', '2.5.1'), seen('cuda:0', 'cuda', '2.9.0a0')])(
    'is not guessed for %j',
    (device) => {
      expect(backendOf(device)).toBeNull();
    },
  );
});

describe('deviceModel', () => {
  it.each([
    ['cuda:0 NVIDIA GeForce RTX 3060 : cudaMallocAsync', 'NVIDIA GeForce RTX 3060'],
    ['cuda:1 NVIDIA GeForce RTX 3060 : native', 'NVIDIA GeForce RTX 3060'],
    ['cuda:0 NVIDIA GeForce RTX 3060 : native (simulated)', 'NVIDIA GeForce RTX 3060 (simulated)'],
    ['cpu', 'cpu'],
    [null, null],
  ])('of %j is %j', (device, model) => {
    expect(deviceModel(device)).toBe(model);
  });
});

describe('claimedModel', () => {
  it.each([
    ['rtx3060', 'RTX 3060'],
    ['rx9070xt', 'RX 9070 XT'],
    ['studio-rtx-4070-ti-super_2', 'RTX 4070 TISUPER'],
    ['arc-a770', 'ARC A770'],
    ['rtx3060-left', 'RTX 3060'],
  ])('reads %s as %s', (name, model) => {
    expect(claimedModel(name)?.model).toBe(model);
  });

  it.each(['gpu0', 'big', 'demo', 'parcel-900', 'rtx3060abc', 'rx'])('reads nothing out of %s', (name) => {
    expect(claimedModel(name)).toBeNull();
  });
});

describe('deviceMismatches', () => {
  it.each([
    [
      card('big', 'amd'),
      cpu,
      new RegExp(
        '^big is configured as vendor: amd, but its server computes with the CPU ' +
          String.raw`\(device "cpu", torch 2\.13\.0\+cpu\): start that ComfyUI without --cpu`,
      ),
    ],
    [
      card('big', 'amd'),
      rtx3060,
      /vendor: amd, but its server computes with CUDA .*RTX 3060.*: correct vendor, or url/,
    ],
    [card('big', 'nvidia'), rx9070xt, /vendor: nvidia, but its server computes with ROCm/],
    [card('big', 'nvidia'), zluda, /with ZLUDA/],
    [card('big', 'cpu'), rtx3060, /vendor: cpu, but its server computes with CUDA/],
    [card('big', 'nvidia'), metal, /with Apple Metal/],
    [card('big', 'cpu'), directMl, /with DirectML/],
    [card('big', 'amd'), arc, /with Intel XPU/],
    [card('rtx3060'), cpu, /^rtx3060 has the name of the RTX 3060, but its server computes with the CPU/],
    [card('rtx3060'), rx9070xt, /with ROCm .*: correct name, or url/],
    [
      card('rtx3060'),
      seen('cuda:0 NVIDIA GeForce RTX 4090 : native', 'cuda', '2.8.0+cu128'),
      /its server's device is "cuda:0 NVIDIA GeForce RTX 4090 : native": correct its url or its name/,
    ],
    [
      card('rx9070xt'),
      seen('cuda:0 AMD Radeon RX 9070 : native', 'cuda', '2.8.0+rocm6.4'),
      /RX 9070 XT, but its server's device is/,
    ],
    [card('rx7900xt'), seen('cuda:0 AMD Radeon RX 7900 XTX : native', 'cuda', '2.8.0+rocm6.4'), /RX 7900 XT, but/],
    [
      card('big', 'nvidia', 24_576),
      rtx3060,
      /vram_mb: 24576, but its server's device has 11911 MiB; work is planned with 24576/,
    ],
    [card('big', 'nvidia', 8_192), rtx3060, /vram_mb: 8192, but/],
  ])('says of %j with %j what is wrong', (stated, device, sentence) => {
    const sentences = deviceMismatches(stated, device);
    expect(sentences).toEqual([expect.stringMatching(sentence)]);
    // As much as /status shows of a warning.
    expect(sentences[0]?.length).toBeLessThanOrEqual(300);
  });

  it('names memory beside the device', () => {
    expect(deviceMismatches(card('rx9070xt', 'amd', 16_384), rtx3060)).toHaveLength(2);
  });

  it.each([
    [card('rtx3060', 'nvidia', 12_288), rtx3060],
    [card('rx9070xt', 'amd', 16_384), rx9070xt],
    [card('rx9070xt', 'amd'), anyAmd],
    [card('rx6800', 'amd'), zluda],
    [card('big'), cpu],
    [card('big', 'cpu', 8_192), cpu],
    [card('rtx3060', 'nvidia', 12_288), directMl],
    [card('arc-a770', 'intel', 16_384), arc],
    [card('rtx3060', 'nvidia'), seen('cuda:0 NVIDIA GeForce RTX 3060 Ti : native', 'cuda', '2.8.0+cu128')],
    [card('rx6800', 'amd'), seen('cuda:0 AMD Radeon RX 6800/6800 XT / 6900 XT : native', 'cuda', '2.8.0+rocm6.4')],
    [card('rtx3060', 'nvidia', 12_288), silent],
    [card('rtx3060', 'nvidia'), seen('npu', 'npu', '2.5.1')],
    [card('rx9070xt', 'amd'), metal],
    [
      card('rtx3060', 'nvidia', 12_288),
      seen('cuda:0 NVIDIA GeForce RTX 3060 : cudaMallocAsync (simulated)', 'cuda', '2.8.0+cu128', 12_288),
    ],
  ])('says nothing of %j with %j', (stated, device) => {
    expect(deviceMismatches(stated, device)).toEqual([]);
  });
});
