/** What the number or word behind the `=` of a fault means. */
type FaultValue = 'ms' | 'factor' | 'amount' | 'word';

interface FaultKindInfo {
  /** Rows of the failure catalogue which the kind plays. */
  readonly rows: readonly number[];
  /** Struck once unless `times` says otherwise, or there until it is cleared. */
  readonly lasts: 'once' | 'standing';
  readonly value?: FaultValue;
  /** Takes a node id or class; else the word behind the `@` is something else, or there is none. */
  readonly at?: 'node' | 'tick' | 'event' | 'class' | 'pack' | 'file';
}

const once = (rows: number[], more: Omit<FaultKindInfo, 'rows' | 'lasts'> = {}): FaultKindInfo => ({
  rows,
  lasts: 'once',
  ...more,
});
const standing = (rows: number[], more: Omit<FaultKindInfo, 'rows' | 'lasts'> = {}): FaultKindInfo => ({
  rows,
  lasts: 'standing',
  ...more,
});

/** Every kind of fault. The table in README.md says what a client sees of each. */
const faultCatalogue = {
  // The process
  crash: once([1, 14, 16], { at: 'tick', value: 'amount' }),
  'boot-delay': standing([2], { value: 'ms' }),
  refuse: once([1, 2], { value: 'ms' }),
  'second-instance': once([30, 37]),
  'ram-leak': standing([34], { value: 'amount' }),
  'gc-pause': standing([8], { value: 'ms' }),
  'clock-skew': standing([35], { value: 'ms' }),
  'number-reset': once([1]),
  // The node that runs
  hang: once([3], { at: 'tick' }),
  'hang-interruptible': once([3], { at: 'tick' }),
  'gpu-driver-hang': once([4], { at: 'tick' }),
  oom: once([14], { at: 'tick', value: 'word' }),
  poison: once([15], { at: 'tick' }),
  'download-stall': once([32], { at: 'node', value: 'ms' }),
  'download-failed': once([32], { at: 'node' }),
  'kernel-tuning': standing([33], { at: 'node', value: 'ms' }),
  slow: standing([3], { value: 'factor' }),
  'no-face': once([], { at: 'node' }),
  'ffmpeg-missing': standing([31]),
  'disk-full': standing([9]),
  // What it makes
  'black-image': standing([17], { at: 'node' }),
  'nan-image': standing([17], { at: 'node' }),
  'lost-sound': once([], { at: 'node' }),
  'empty-file': once([31], { at: 'node' }),
  'truncated-file': once([9, 31], { at: 'node' }),
  blocker: once([18], { at: 'node', value: 'word' }),
  'delete-files': once([19]),
  'wipe-temp': once([30]),
  'file-race': once([27]),
  // The worker, its queue and its history
  'zombie-worker': once([5]),
  'history-delay': standing([], { value: 'ms' }),
  'evict-history': once([23], { value: 'ms' }),
  'clear-history': once([23]),
  'clear-queue': once([24]),
  // Interrupts
  'human-interrupt': once([25], { at: 'tick' }),
  'lose-interrupt': once([26]),
  'collateral-interrupt': once([26]),
  'swallow-interrupt': once([26], { at: 'node' }),
  // HTTP
  'block-loop': once([8], { at: 'tick', value: 'ms' }),
  'reply-lost': once([22]),
  'reply-late': once([22], { value: 'ms' }),
  'accepted-500': once([21, 22]),
  'refuse-prompt': once([22], { value: 'amount' }),
  'slow-history': standing([8], { value: 'ms' }),
  'slow-object-info': standing([8], { value: 'ms' }),
  // Sockets
  'drop-socket': once([6], { at: 'event' }),
  'dead-socket': once([6]),
  'deaf-socket': once([7]),
  'steal-client-id': once([20]),
  'refuse-upgrade': standing([6]),
  'stall-publisher': once([6], { value: 'ms' }),
  'duplicate-progress': standing([]),
  'progress-reset': standing([]),
  'unknown-messages': standing([]),
  'vhs-preview-frame': standing([]),
  'huge-progress-state': standing([], { value: 'amount' }),
  'nan-in-json': standing([]),
  // What the server knows
  'missing-model': standing([10], { at: 'file' }),
  'missing-class': standing([11], { at: 'class' }),
  'pack-import-failed': standing([12], { at: 'pack' }),
  'partial-node-errors': once([13], { at: 'node' }),
  'version-drift': standing([36], { at: 'class' }),
} as const satisfies Record<string, FaultKindInfo>;

export type FaultKind = keyof typeof faultCatalogue;
export const faultKinds = Object.keys(faultCatalogue) as [FaultKind, ...FaultKind[]];
export const aboutKind = (kind: FaultKind): FaultKindInfo => faultCatalogue[kind];
