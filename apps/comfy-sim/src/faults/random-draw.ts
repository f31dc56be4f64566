import { seededRandom } from '@tower/kit';
import type { FaultKind } from './fault-kinds';
import type { Fault, RandomFaults } from './fault-text';

/** What chance picks from unless told otherwise: strikes a server survives, or from which a restart saves it. */
const usual: readonly Fault[] = [
  { kind: 'crash' },
  { kind: 'hang' },
  { kind: 'hang-interruptible' },
  { kind: 'oom' },
  { kind: 'oom', word: 'hip' },
  { kind: 'poison' },
  { kind: 'zombie-worker' },
  { kind: 'reply-lost' },
  { kind: 'accepted-500' },
  { kind: 'drop-socket' },
  { kind: 'deaf-socket' },
  { kind: 'stall-publisher', ms: 2000 },
  { kind: 'block-loop', ms: 1000 },
  { kind: 'refuse', ms: 1000 },
  { kind: 'black-image', times: 1 },
  { kind: 'blocker' },
  { kind: 'empty-file' },
  { kind: 'truncated-file' },
  { kind: 'delete-files' },
  { kind: 'evict-history' },
  { kind: 'clear-queue' },
  { kind: 'human-interrupt' },
  { kind: 'lose-interrupt' },
  { kind: 'disk-full', times: 1 },
];

/** A sequence of faults that is the same for the same seed. */
export class RandomDraw {
  private readonly random: () => number;
  private readonly pool: readonly Fault[];

  constructor(readonly faults: RandomFaults) {
    this.random = seededRandom(faults.seed);
    this.pool =
      faults.kinds?.map((kind: FaultKind): Fault => usual.find((fault) => fault.kind === kind) ?? { kind, times: 1 }) ??
      usual;
  }

  /** Undefined when chance spares the prompt. */
  next(): Fault | undefined {
    const [luck, choice] = [this.random(), this.random()];
    return luck < this.faults.rate ? this.pool[Math.floor(choice * this.pool.length)] : undefined;
  }
}
