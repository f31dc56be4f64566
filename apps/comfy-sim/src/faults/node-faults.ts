import type { Card } from '../card/card';
import type { Clock } from '../clock';
import type { NodePlace } from '../execution/executor';
import type { InterruptFlag } from '../execution/interruption';
import { PyError } from '../python/errors';
import type { EventLoop } from './event-loop';
import type { Faults } from './faults';
import { poisonedError, spelledOutOfMemory } from './out-of-memory';
import type { ProcessState } from './process-state';

export interface FaultBench {
  readonly faults: Faults;
  readonly state: ProcessState;
  readonly loop: EventLoop;
  readonly clock: Clock;
  readonly card: Card;
  readonly interrupt: InterruptFlag;
  readonly crash: (exitCode: number) => void;
  readonly log: (line: string) => void;
}

const killed = 137;
const defaultStallMs = 60_000;
const pollMs = 20;
const savesFiles = /^(?:Save|PreviewImage|VHS_VideoCombine)/;

/** The faults which strike a node before it runs and at each of its ticks. */
export class NodeFaults {
  constructor(
    private readonly bench: FaultBench,
    private readonly place: NodePlace,
  ) {}

  /** `shape` names what kernels are tuned for; only nodes that sample have one. */
  async begin(shape: string | undefined): Promise<void> {
    await this.stall(shape);
    this.fail();
    await this.strike(undefined);
  }

  async tick(tick: number): Promise<void> {
    await this.strike(tick);
    const { faults, interrupt, log } = this.bench;
    if (interrupt.isRaised && faults.strike('swallow-interrupt', this.where()) !== undefined) {
      interrupt.swallow();
      log(`${this.place.classType}: an exception was caught and ignored`);
    }
  }

  private where(tick?: number): { node: string; classType: string; tick?: number } {
    const { nodeId, classType } = this.place;
    return { node: nodeId, classType, ...(tick === undefined ? {} : { tick }) };
  }

  /** Long silence without progress, which ends by itself and which no interrupt shortens. */
  private async stall(shape: string | undefined): Promise<void> {
    const { faults, state, clock } = this.bench;
    const { classType } = this.place;
    const download = state.downloaded.has(classType) ? undefined : faults.strike('download-stall', this.where());
    if (download !== undefined) {
      state.downloaded.add(classType);
      await clock.wait(download.ms ?? defaultStallMs);
    }
    const tuning = shape === undefined ? undefined : faults.isArmed('kernel-tuning', this.where());
    if (tuning === undefined || shape === undefined || state.tuned.has(shape)) return;
    state.tuned.add(shape);
    await clock.wait(tuning.ms ?? defaultStallMs);
  }

  private fail(): void {
    const { faults } = this.bench;
    const { classType } = this.place;
    if (faults.strike('download-failed', this.where()) !== undefined) {
      throw new PyError(
        'requests.exceptions.ConnectionError',
        "HTTPSConnectionPool(host='huggingface.co', port=443): Max retries exceeded (Caused by " +
          "NameResolutionError: Failed to resolve 'huggingface.co')",
      );
    }
    if (/FaceID/.test(classType) && faults.strike('no-face', this.where()) !== undefined)
      throw new PyError('Exception', 'InsightFace: No face detected.');
    if (classType === 'VHS_VideoCombine' && faults.isArmed('ffmpeg-missing') !== undefined) {
      throw new PyError('ProcessLookupError', 'ffmpeg is required for video outputs and could not be found.');
    }
    if (savesFiles.test(classType) && faults.strike('disk-full') !== undefined) throw diskFull(classType);
  }

  private async strike(tick: number | undefined): Promise<void> {
    const { faults, state, clock, card, interrupt, crash, loop } = this.bench;
    const hit = (kind: Parameters<Faults['strike']>[0]): ReturnType<Faults['strike']> =>
      faults.strike(kind, this.where(tick));
    const crashing = hit('crash');
    if (crashing !== undefined) {
      crash(crashing.amount ?? killed);
      await clock.forever();
    }
    if (hit('gpu-driver-hang') !== undefined) state.gpuHangs = true;
    if (state.gpuHangs || hit('hang') !== undefined) await clock.forever();
    if (hit('hang-interruptible') !== undefined) await this.untilInterrupted();
    const blocked = hit('block-loop');
    if (blocked !== undefined) await loop.block(blocked.ms ?? 1000);
    const full = hit('oom');
    if (full !== undefined)
      throw spelledOutOfMemory(full.word, card.profile, card.profile.vramBytes - card.usedBytes());
    if (hit('poison') !== undefined) state.poison = poisonedError(card.profile);
    if (state.poison !== undefined) throw state.poison;
    if (hit('human-interrupt') !== undefined) interrupt.raiseSurely();
  }

  private async untilInterrupted(): Promise<void> {
    for (;;) {
      this.bench.interrupt.throwIfRaised();
      await this.bench.clock.wait(pollMs);
    }
  }
}

function diskFull(classType: string): PyError {
  const said = '[Errno 28] No space left on device';
  if (classType === 'VHS_VideoCombine')
    return new PyError(
      'Exception',
      `An error occurred in the ffmpeg subprocess:\nav_interleaved_write_frame(): No space left on device`,
    );
  return /^Save(?:Video|WEBM)/.test(classType) ? new PyError('av.error.OSError', said) : new PyError('OSError', said);
}
