import type { Job } from '../jobs/job.entity';
import type { Task } from '../jobs/task.entity';
import type { ChosenAlternative, ParameterValues } from '../workflows/composition';
import type { Workflow } from '../workflows/template/workflow-file';
import { chooseAlternatives } from '../workflows/values/alternatives';

/**
 * The parameters of a task's next attempt: the job's, with the task's own seed and, in every text, the alternatives
 * that this seed chooses. So the same request with an artifact's seed makes that artifact again.
 */
export function valuesOfAttempt(
  { file }: Pick<Workflow, 'file'>,
  job: Pick<Job, 'parameters' | 'dynamicPrompts'>,
  { seed }: Pick<Task, 'seed'>,
): { values: ParameterValues; choices: ChosenAlternative[] } {
  const values: ParameterValues =
    job.parameters['seed'] === undefined ? { ...job.parameters } : { ...job.parameters, seed };
  const choices: ChosenAlternative[] = [];
  if (!job.dynamicPrompts) return { values, choices };
  for (const [name, { type }] of Object.entries(file.parameters)) {
    const text = values[name];
    if (type !== 'text' || typeof text !== 'string') continue;
    const chosen = chooseAlternatives(text, seed, name);
    values[name] = chosen.text;
    choices.push(...chosen.choices.map((choice) => ({ parameter: name, ...choice })));
  }
  return { values, choices };
}
