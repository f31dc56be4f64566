import { join } from 'node:path';
import { repositoryRoot } from '@tower/kit';
import { Catalogue } from '../workflows/catalogue';
import { valuesOfAttempt } from './attempt-values';

const job = {
  parameters: { prompt: 'a {blue|red} hat', negative_prompt: '{x|y}', sampler_name: '{a|b}', seed: 1 },
  dynamicPrompts: true,
};

it('an attempt has its task’s seed, and in every text what that seed chooses', async () => {
  const workflow = (await Catalogue.read(join(repositoryRoot, 'workflows'))).get('anime-still-sd15');
  const { values, choices } = valuesOfAttempt(workflow, job, { seed: 7 });
  expect(values).toMatchObject({ seed: 7, sampler_name: '{a|b}' });
  expect(choices.map(({ parameter, options }) => [parameter, options])).toEqual([
    ['prompt', ['blue', 'red']],
    ['negative_prompt', ['x', 'y']],
  ]);
  expect(values['prompt']).toBe(`a ${choices[0]?.chosen ?? ''} hat`);
  expect(valuesOfAttempt(workflow, job, { seed: 7 })).toEqual({ values, choices });
  const prompts = Array.from({ length: 20 }, (_, seed) => valuesOfAttempt(workflow, job, { seed }).values['prompt']);
  expect(new Set(prompts).size).toBe(2);
  expect(valuesOfAttempt(workflow, { ...job, dynamicPrompts: false }, { seed: 7 })).toEqual({
    values: { ...job.parameters, seed: 7 },
    choices: [],
  });
});
