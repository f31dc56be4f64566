import type { OnApplicationShutdown } from '@nestjs/common';
import { ScoringThread, type FilmMotion, type ScoringThreadOptions } from '@tower/imaging';

/** Above what any workflow makes; a film that takes longer than this to decode holds up every other verdict. */
const limits = { maxFrames: 4_000, maxPixels: 4096 * 4096, maxSeconds: 300 };

/**
 * Measures films on a thread of its own, one after the other: their frames are the most that this process ever looks
 * at.
 */
export class FilmMeter implements OnApplicationShutdown {
  private readonly thread: ScoringThread;

  constructor(options: Pick<ScoringThreadOptions, 'script'> = {}) {
    // No networks: what needs one is reported as missing its model.
    this.thread = new ScoringThread({ entries: [], folder: '', options: {}, ...options });
  }

  /** Throws FilmRefusal for what is no whole film, and QueueFull when too many wait. */
  measure(path: string): Promise<FilmMotion> {
    return this.thread.ask('measureMotion', [path, limits]);
  }

  onApplicationShutdown(): Promise<void> {
    return this.thread.close();
  }
}
