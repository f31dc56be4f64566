import { join } from 'node:path';
import type { OnApplicationShutdown } from '@nestjs/common';
import { DecodingProcesses, type DecodingOptions } from '@tower/imaging';
import { AppError, type ErrorKind } from '@tower/kit';
import type { Findings, RenderedFile } from './findings';

/** What an inspecting process is asked. */
export interface Inspection {
  /** The library's folder. */
  root: string;
  file: RenderedFile;
}

/** What it answers; of errors only those of the decoders keep their class on the way, so ours are told in words. */
export type InspectionAnswer = { findings: Findings } | { refused: { kind: ErrorKind; code: string; message: string } };

/** Looks at rendered files in processes of their own: no file can end this one. */
export class FileInspector implements OnApplicationShutdown {
  private readonly processes: DecodingProcesses<Inspection, InspectionAnswer>;

  constructor(
    private readonly root: string,
    options: Partial<DecodingOptions> = {},
  ) {
    this.processes = new DecodingProcesses({ script: join(__dirname, 'inspecting-process.js'), atOnce: 2, ...options });
  }

  /** Throws `DecoderDied` when the process ended over this file, and what the looking itself throws. */
  async inspect({ path, sha256, mediaType, frames }: RenderedFile): Promise<Findings> {
    const file = { path, sha256, mediaType, ...(frames === undefined ? {} : { frames }) };
    const answer = await this.processes.ask({ root: this.root, file });
    if ('findings' in answer) return answer.findings;
    const { kind, code, message } = answer.refused;
    throw new AppError(kind, code, message);
  }

  onApplicationShutdown(): Promise<void> {
    return this.processes.close();
  }
}
