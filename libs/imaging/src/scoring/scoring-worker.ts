import { parentPort, workerData } from 'node:worker_threads';
import { ModelRunner } from '../models/model-runner';
import { toAnswer, type ScoringQuestion, type ScoringSetup } from './scoring-messages';
import { scoringTasks } from './tasks';

const { entries, folder, options } = workerData as ScoringSetup;
const models = new ModelRunner(entries, folder, options);
const tasks = scoringTasks as Readonly<Record<string, (models: ModelRunner, ...args: never[]) => unknown>>;

async function answer({ name, args }: ScoringQuestion): Promise<void> {
  try {
    const value = await tasks[name]!(models, ...(args as never[]));
    parentPort?.postMessage({ ok: true, value });
  } catch (error) {
    parentPort?.postMessage(toAnswer(error));
  }
}

// The other side asks one thing at a time.
parentPort?.on('message', (question: ScoringQuestion | 'close') => {
  if (question !== 'close') return void answer(question);
  void models.close().finally(() => parentPort?.close());
});
