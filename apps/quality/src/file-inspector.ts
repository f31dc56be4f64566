import { join } from 'node:path';
import type { OnApplicationShutdown } from '@nestjs/common';
import { DecodingProcesses, type DecodingOptions } from '@tower/imaging';
import type { Findings, RenderedFile } from './findings';

/** What an inspecting process is asked. */
export interface Inspection {
  /** The library's folder. */
  root: string;
  file: RenderedFile;
}

/** Looks at rendered files in processes of their own: no file can end this one. */
export class FileInspector implements OnApplicationShutdown {
  private readonly processes: DecodingProcesses<Inspection, Findings>;

  constructor(
    private readonly root: string,
    options: Partial<DecodingOptions> = {},
  ) {
    this.processes = new DecodingProcesses({ script: join(__dirname, 'inspecting-process.js'), atOnce: 2, ...options });
  }

  /** Throws `DecoderDied` when the process ended over this file, and what the looking itself throws. */
  inspect({ path, sha256, mediaType, frames }: RenderedFile): Promise<Findings> {
    return this.processes.ask({ root: this.root, file: { path, sha256, mediaType, ...(frames === undefined ? {} : { frames }) } });
  }

  onApplicationShutdown(): Promise<void> {
    return this.processes.close();
  }
}
