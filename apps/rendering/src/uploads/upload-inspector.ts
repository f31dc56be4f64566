import { join } from 'node:path';
import type { OnApplicationShutdown } from '@nestjs/common';
import { DecoderDied, DecodingProcesses, type DecodingOptions } from '@tower/imaging';
import { AppError, invalid } from '@tower/kit';
import type { UploadAnswer, UploadFacts } from './inspect-upload';

/** What an inspecting process is asked. */
export interface UploadQuestion {
  path: string;
}

/** Decodes what people send, in processes of their own: it may be anything, and can end nothing else. */
export class UploadInspector implements OnApplicationShutdown {
  private readonly processes: DecodingProcesses<UploadQuestion, UploadAnswer>;

  constructor(options: Partial<DecodingOptions> = {}) {
    const script = join(__dirname, 'upload-process.js');
    this.processes = new DecodingProcesses({ script, atOnce: 2, timeoutMs: 90_000, ...options });
  }

  /** @throws AppError with one of the codes of `UploadRefusalCode` for a file that is not taken */
  async inspect(path: string): Promise<UploadFacts> {
    const answer = await this.ask(path);
    if ('facts' in answer) return answer.facts;
    const { code, message } = answer.refused;
    if (code === 'upload_too_large') throw new AppError('too_large', code, message);
    if (code === 'film_decoder_missing') throw new AppError('unavailable', code, message);
    throw invalid(code, message);
  }

  onApplicationShutdown(): Promise<void> {
    return this.processes.close();
  }

  private async ask(path: string): Promise<UploadAnswer> {
    try {
      return await this.processes.ask({ path });
    } catch (error) {
      if (!(error instanceof DecoderDied)) throw error;
      const message = `the file cannot be decoded (${error.message}); save it anew in another program, and send that`;
      throw new AppError('invalid', 'upload_undecodable', message, { cause: error });
    }
  }
}
