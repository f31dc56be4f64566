const gibibyte = 1024 ** 3;

/**
 * One simulated card. Times are priors for real cards at time scale 1, to be replaced by measured ones; they are the
 * seconds of an SD1.5 checkpoint and of one of its steps at 512×768.
 */
export interface CardProfile {
  readonly id: CardProfileId;
  /** Decides the spelling of errors. */
  readonly vendor: 'nvidia' | 'amd' | 'cpu';
  /** As torch names it; ` (simulated)` is added where clients see it. */
  readonly deviceName: string;
  readonly deviceType: 'cuda' | 'cpu';
  readonly pytorchVersion: string;
  readonly vramBytes: number;
  readonly ramBytes: number;
  /** Bytes the driver and the desktop hold before anything is loaded. */
  readonly idleVramBytes: number;
  /** Bytes the server never plans with; `--reserve-vram` sets them. */
  readonly reservedVramBytes: number;
  /** Share of a network's weights, 0 to 1, that must lie on the card for it to run; the rest may be streamed. */
  readonly leastWeightShare: number;
  /**
   * Bytes per second when a file comes from disk for the first time, when the page cache has it, and from RAM to the
   * card.
   */
  readonly diskBytesPerSecond: number;
  readonly cachedBytesPerSecond: number;
  readonly busBytesPerSecond: number;
  readonly stepSeconds: number;
  /** Seconds per megapixel. */
  readonly decodeSeconds: number;
  readonly upscaleSeconds: number;
  readonly textEncodeSeconds: number;
}

export type CardProfileId = 'rtx3060' | 'rx9070xt' | 'cpu';

export const cardProfiles: Record<CardProfileId, CardProfile> = {
  rtx3060: {
    id: 'rtx3060',
    vendor: 'nvidia',
    deviceName: 'cuda:0 NVIDIA GeForce RTX 3060 : cudaMallocAsync',
    deviceType: 'cuda',
    pytorchVersion: '2.8.0+cu128',
    vramBytes: 12 * gibibyte,
    ramBytes: 32 * gibibyte,
    idleVramBytes: 0.4 * gibibyte,
    reservedVramBytes: 0.4 * gibibyte,
    leastWeightShare: 0.33,
    diskBytesPerSecond: 0.45 * gibibyte,
    cachedBytesPerSecond: 1.6 * gibibyte,
    busBytesPerSecond: 11 * gibibyte,
    stepSeconds: 0.45,
    decodeSeconds: 1.1,
    upscaleSeconds: 2.4,
    textEncodeSeconds: 0.12,
  },
  rx9070xt: {
    id: 'rx9070xt',
    vendor: 'amd',
    deviceName: 'cuda:0 AMD Radeon RX 9070 XT : native',
    deviceType: 'cuda',
    pytorchVersion: '2.8.0+rocm6.4',
    vramBytes: 16 * gibibyte,
    ramBytes: 32 * gibibyte,
    idleVramBytes: 0.6 * gibibyte,
    reservedVramBytes: 0.5 * gibibyte,
    leastWeightShare: 0.4,
    diskBytesPerSecond: 0.5 * gibibyte,
    cachedBytesPerSecond: 1.8 * gibibyte,
    busBytesPerSecond: 13 * gibibyte,
    stepSeconds: 0.3,
    decodeSeconds: 1.3,
    upscaleSeconds: 1.6,
    textEncodeSeconds: 0.09,
  },
  cpu: {
    id: 'cpu',
    vendor: 'cpu',
    deviceName: 'cpu',
    deviceType: 'cpu',
    pytorchVersion: '2.8.0+cpu',
    vramBytes: 32 * gibibyte,
    ramBytes: 32 * gibibyte,
    idleVramBytes: 8 * gibibyte,
    reservedVramBytes: 0,
    leastWeightShare: 1,
    diskBytesPerSecond: 0.4 * gibibyte,
    cachedBytesPerSecond: 1.5 * gibibyte,
    busBytesPerSecond: 12 * gibibyte,
    stepSeconds: 14,
    decodeSeconds: 18,
    upscaleSeconds: 60,
    textEncodeSeconds: 1.5,
  },
};

/** What /system_stats says of a card. */
export interface ShownDevice extends Pick<CardProfile, 'deviceName' | 'pytorchVersion' | 'vramBytes'> {
  readonly deviceType: 'cuda' | 'cpu' | 'mps' | 'privateuseone';
}

/**
 * What /system_stats says on other machines: DirectML and Metal name no card, and DirectML does not know its memory.
 */
export const shownDevices = {
  rtx4090: {
    deviceName: 'cuda:0 NVIDIA GeForce RTX 4090 : cudaMallocAsync',
    deviceType: 'cuda',
    pytorchVersion: '2.8.0+cu128',
    vramBytes: 24 * gibibyte,
  },
  zluda: {
    deviceName: 'cuda:0 AMD Radeon RX 6800 [ZLUDA] : native',
    deviceType: 'cuda',
    pytorchVersion: '2.3.1+cu118',
    vramBytes: 16 * gibibyte,
  },
  directml: {
    deviceName: 'privateuseone',
    deviceType: 'privateuseone',
    pytorchVersion: '2.4.1+cpu',
    vramBytes: gibibyte,
  },
  mps: { deviceName: 'mps', deviceType: 'mps', pytorchVersion: '2.8.0', vramBytes: 64 * gibibyte },
} as const satisfies Record<string, ShownDevice>;

export type ShownDeviceId = keyof typeof shownDevices;
