import { join } from 'node:path';
import type { OnApplicationShutdown } from '@nestjs/common';
import { DecodingProcesses, type DecodingOptions } from '@tower/imaging';
import { OutputFault, type OutputFacts, type OutputFaultReason } from './inspect-output';

/** What an inspecting process is asked. */
export interface OutputQuestion {
  path: string;
  promisedFrames: number;
}

export type OutputAnswer = { facts: OutputFacts } | { fault: { reason: OutputFaultReason; message: string } };

/** Decodes outputs in processes of their own: no file that a card wrote can end the one that gives out work. */
export class OutputInspector implements OnApplicationShutdown {
  private readonly processes: DecodingProcesses<OutputQuestion, OutputAnswer>;

  constructor(options: Partial<DecodingOptions> = {}) {
    this.processes = new DecodingProcesses({ script: join(__dirname, 'inspecting-process.js'), atOnce: 2, ...options });
  }

  /** As `inspectOutput`; throws `DecoderDied` as well, when the process ended over this file. */
  async inspect(path: string, promisedFrames: number): Promise<OutputFacts> {
    const answer = await this.processes.ask({ path, promisedFrames });
    if ('fault' in answer) throw new OutputFault(answer.fault.reason, answer.fault.message);
    return answer.facts;
  }

  onApplicationShutdown(): Promise<void> {
    return this.processes.close();
  }
}
