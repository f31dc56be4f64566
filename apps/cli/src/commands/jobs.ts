import { routes } from '@tower/contracts';
import { isForPeople, runningApi, writeLines } from './running-api';

/** Why a job is as it is, a sentence per line. */
export async function jobsExplain(id: string, options: { json: boolean }): Promise<number> {
  const answer = await runningApi().call(routes.explainJob, { params: { id } });
  writeLines(isForPeople(options.json) ? answer.sentences : [JSON.stringify(answer)]);
  return 0;
}
