import { join } from 'node:path';
import type { OnApplicationShutdown } from '@nestjs/common';
import { DecoderDied, DecodingProcesses, type DecodingOptions } from '@tower/imaging';
import { AppError } from '@tower/kit';
import type { Library } from '@tower/library';
import type { MeasuredInput } from '../workflows/values/follow-input';
import { textOfWrong, type WrongInput } from './input-wrong';

/** What an input-reading process is asked. */
export interface InputQuestion {
  path: string;
  kind: 'image' | 'film';
}

/** Facts, or why the file is nothing for the nodes although it decodes. */
export type InputAnswer = { facts: MeasuredInput } | { wrong: WrongInput };

/**
 * Files of the library that requests name. They may be anybody's, so they are decoded in a process of their own: none
 * can end this one.
 */
export class InputFiles implements OnApplicationShutdown {
  private readonly processes: DecodingProcesses<InputQuestion, InputAnswer>;

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

  /**
   * Throws the decoders' refusals, `input_wrong_kind` for what decodes and is nothing for the nodes, and
   * `input_kills_decoder`.
   */
  async facts(path: string, kind: InputQuestion['kind']): Promise<MeasuredInput> {
    try {
      const answer = await this.processes.ask({ path, kind });
      if ('wrong' in answer) throw new AppError('invalid', 'input_wrong_kind', textOfWrong(answer.wrong));
      return answer.facts;
    } catch (error) {
      if (error instanceof DecoderDied)
        throw new AppError('invalid', 'input_kills_decoder', `cannot be decoded: ${error.message}`, { cause: error });
      throw error;
    }
  }

  onApplicationShutdown(): Promise<void> {
    return this.processes.close();
  }
}
