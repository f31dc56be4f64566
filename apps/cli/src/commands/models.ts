import { readGpuConfig } from '@tower/comfyui';
import { AppError } from '@tower/kit';
import { ModelStore } from '@tower/models';
import { readTowerEnv } from '../env';
import { interruptedExitCode, stopOnSignals } from '../interruption';
import { planFetch, type FetchWish, type KnownModels } from '../models/fetch-plan';
import { fetchReport } from '../models/fetch-report';
import { describeModels, listModels } from '../models/model-list';
import { QualityModels } from '../models/quality-models';
import { Terminal } from '../terminal';

/** What a person has to change before another try can work, as against what another try may get past. */
const [againExitCode, changeExitCode] = [1, 2];

function knownModels(): KnownModels {
  const env = readTowerEnv();
  const store = ModelStore.read(env);
  return {
    store,
    quality: QualityModels.read(env.TOWER_MODELS_MANIFEST, env.TOWER_MODELS, store.acceptance),
    gpus: readGpuConfig(env),
  };
}

/** What the manifest knows, which card has it and what is missing; JSON for a program. */
export async function modelsList(options: { json: boolean }): Promise<number> {
  const known = knownModels();
  const list = await listModels(known);
  process.stdout.write(
    options.json || !process.stdout.isTTY
      ? `${JSON.stringify(list)}\n`
      : `${describeModels(list, known.quality.folder).join('\n')}\n`,
  );
  return 0;
}

/** 0 when every file is where it was wanted; 2 when a person has to do something first, 1 when another try may help. */
export async function modelsFetch(wish: FetchWish & { json: boolean }): Promise<number> {
  const plan = planFetch(wish, knownModels());
  const report = fetchReport({
    json: wish.json || !process.stdout.isTTY,
    terminal: new Terminal(),
    write: (line) => process.stdout.write(`${line}\n`),
  });
  const stop = new AbortController();
  stopOnSignals({
    onStop: (reason) => stop.abort(new Error(reason)),
    onKill: () => undefined,
    leave: (code) => process.exit(code),
  });
  let worst = 0;
  for (const file of plan) {
    try {
      report.done(file, await file.fetch((progress) => report.progress(file, progress), stop.signal));
    } catch (error) {
      if (stop.signal.aborted) {
        report.stopped();
        return interruptedExitCode;
      }
      report.failed(file, error);
      worst = Math.max(worst, exitCodeOf(error));
    }
  }
  return worst;
}

const exitCodeOf = (error: unknown): number =>
  error instanceof AppError && error.kind !== 'unavailable' && error.kind !== 'internal'
    ? changeExitCode
    : againExitCode;
