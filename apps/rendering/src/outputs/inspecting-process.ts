import { serveDecoding } from '@tower/imaging';
import { inspectOutput, OutputFault } from './inspect-output';
import type { OutputAnswer, OutputQuestion } from './output-inspector';

serveDecoding(async ({ path, promisedFrames }: OutputQuestion): Promise<OutputAnswer> => {
  try {
    return { facts: await inspectOutput(path, promisedFrames) };
  } catch (error) {
    // Of errors only those of the decoders keep their class on the way.
    if (error instanceof OutputFault) return { fault: { reason: error.reason, message: error.message } };
    throw error;
  }
});
