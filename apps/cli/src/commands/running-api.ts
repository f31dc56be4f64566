import { ApiClient } from '../api-client';
import { readTowerEnv } from '../env';
import { findRunningTower } from '../launcher/running-tower';

/** The interface of the Tower that runs here, else of the one that the environment names. */
export function runningApi(options: ConstructorParameters<typeof ApiClient>[1] = {}): ApiClient {
  const env = readTowerEnv();
  const url = findRunningTower(env.TOWER_HOME)?.url ?? `http://${env.TOWER_HOST}:${env.TOWER_PORT}`;
  return new ApiClient(url, { patienceMs: 5_000, requestMs: 30_000, ...options });
}

/** Whether the output is read by a person rather than by a program. */
export const isForPeople = (json: boolean): boolean => !json && process.stdout.isTTY;

export const writeLines = (lines: readonly string[]): void => void process.stdout.write(`${lines.join('\n')}\n`);

/** Says the answer as JSON, or to a person in lines. */
export const tell = <Answer>(
  answer: Answer,
  { json }: { json: boolean },
  describe: (answer: Answer) => string[],
): void => writeLines(isForPeople(json) ? describe(answer) : [JSON.stringify(answer)]);

/** Seconds as a person says them. */
export function durationText(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = seconds / 60;
  return minutes < 90 ? `${Math.round(minutes)} min` : `${(minutes / 60).toFixed(1)} h`;
}
