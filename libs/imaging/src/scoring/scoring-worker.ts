import { getPriority, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { ModelRunner } from '../models/model-runner';
import { toAnswer, type ScoringQuestion, type ScoringSetup } from './scoring-messages';
import { scoringTasks } from './tasks';

// Requests go first where cores are few. On Linux this is the calling thread alone; elsewhere it would be the whole
// process. A process that was started with less already may not have more, and need not.
if (process.platform === 'linux' && getPriority(0) < 10) setPriority(0, 10);

const { entries, folder, options } = workerData as ScoringSetup;
const models = new ModelRunner(entries, folder, options);
const tasks = scoringTasks as Readonly<Record<string, (models: ModelRunner, ...args: never[]) => unknown>>;

async function answer({ name, args }: ScoringQuestion): Promise<void> {
  try {
    const value = await tasks[name]!(models, ...(args as never[]));
    parentPort?.postMessage({ ok: true, value }, pixelsOf(value));
  } catch (error) {
    parentPort?.postMessage(toAnswer(error));
  }
}

/** A decoded picture is handed over instead of copied; nothing here keeps it. */
function pixelsOf(value: unknown): ArrayBuffer[] {
  if (typeof value !== 'object' || value === null || !('data' in value) || !(value.data instanceof Uint8Array))
    return [];
  const { buffer, byteLength } = value.data;
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}

// The other side asks one thing at a time.
parentPort?.on('message', (question: ScoringQuestion | 'close') => {
  if (question !== 'close') return void answer(question);
  void models.close().finally(() => parentPort?.close());
});
