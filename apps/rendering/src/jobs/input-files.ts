import { join } from 'node:path';
import type { OnApplicationShutdown } from '@nestjs/common';
import { DecoderDied, DecodingProcesses, type DecodingOptions } from '@tower/imaging';
import { AppError } from '@tower/kit';
import type { Library } from '../library/library';

/** What a picture or film that a request names says of itself when it is decoded. */
export interface InputFacts {
  /** Pixels. */
  width: number;
  height: number;
  /** 1 for a picture. */
  frames: number;
  /** Frames per second; null for a picture. */
  fps: number | null;
}

/** What an input-reading process is asked. */
export interface InputQuestion {
  path: string;
  kind: 'image' | 'film';
}

/** Files of the library that requests name. They may be anybody's, so they are decoded in a process of their own: none can end this one. */
export class InputFiles implements OnApplicationShutdown {
  private readonly processes: DecodingProcesses<InputQuestion, InputFacts>;

  constructor(
    private readonly library: Library,
    options: Partial<DecodingOptions> = {},
  ) {
    this.processes = new DecodingProcesses({ script: join(__dirname, 'input-process.js'), atOnce: 1, ...options });
  }

  /** As `Library.existing`. */
  existing(path: string): Promise<string> {
    return this.library.existing(path);
  }

  /** Throws the decoders' refusals, `input_still` for a film that does not move, and `input_kills_decoder`. */
  async facts(path: string, kind: InputQuestion['kind']): Promise<InputFacts> {
    try {
      const facts = await this.processes.ask({ path, kind });
      if (kind === 'film' && facts.frames < 2) throw new AppError('invalid', 'input_still', 'must be a film; this is a still');
      return facts;
    } catch (error) {
      if (error instanceof DecoderDied) throw new AppError('invalid', 'input_kills_decoder', `cannot be decoded: ${error.message}`, { cause: error });
      throw error;
    }
  }

  onApplicationShutdown(): Promise<void> {
    return this.processes.close();
  }
}
