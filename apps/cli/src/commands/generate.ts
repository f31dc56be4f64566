import type { JobAccepted } from '@tower/contracts';
import { exitCode } from '../exit-codes';
import { followJobs } from '../watching/follow-jobs';
import { generateAnything, requestBody, type RequestOptions } from './request-body';
import { durationText, runningApi, writeLines } from './running-api';

/** What `tower generate` is told. */
export interface GenerateOptions extends RequestOptions {
  watch: boolean;
  json: boolean;
}

/**
 * Asks for what each prompt says, as a job of its own. Throws at the first that is refused; those before it are made.
 * With `watch` it stays until all are over, and ends as `followJobs`.
 */
export async function generate(prompts: readonly string[], options: GenerateOptions): Promise<number> {
  const { json } = options;
  const ask = async (api: ReturnType<typeof runningApi>): Promise<JobAccepted[]> => {
    const accepted: JobAccepted[] = [];
    for (const prompt of prompts.length === 0 ? [undefined] : prompts) {
      const answer = await api.call(generateAnything, { body: await requestBody(api, prompt, options) });
      accepted.push(answer);
      writeLines(
        json ? [JSON.stringify(options.watch ? { type: 'accepted', ...answer } : answer)] : describeAccepted(answer),
      );
    }
    return accepted;
  };
  if (options.watch) return followJobs(runningApi, json, async (api) => (await ask(api)).map(({ job_id: id }) => id));
  await ask(runningApi());
  return exitCode.done;
}

/** Lines for a person. */
export function describeAccepted(answer: JobAccepted): string[] {
  const { job_id, workflow, width, height, count, seed, estimate, warnings, given_up: givenUp } = answer;
  const many = count === 1 ? '' : `${count} × `;
  const ready =
    estimate.remaining_seconds === null ? estimate.basis : `ready in about ${durationText(estimate.remaining_seconds)}`;
  return [
    `${job_id}  ${many}${workflow}, ${width} × ${height}, seed ${seed}; ${ready}`,
    ...givenUp.map(({ sentence }) => `  gives up: ${sentence}`),
    ...warnings.map((warning) => `  ${warning}`),
  ];
}
