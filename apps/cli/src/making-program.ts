import { jobType, preset, priority } from '@tower/contracts';
import { Argument, InvalidArgumentError, Option, type Command } from 'commander';
import type { GenerateOptions } from './commands/generate';
import type { Shell } from './commands/completion';

/** Ends the process with this code, when the command is done. */
type Leave = (code: number) => void;

const plainJson = ['--json', 'one JSON object per line', false] as const;

/** `tower generate`. */
export function addGenerate(program: Command, leave: Leave): void {
  const command = program
    .command('generate')
    .description('ask for pictures or films, a job for each prompt')
    .argument('[prompts...]')
    .option('--watch', 'stay until they are over, and show how far they are', false)
    .option(...plainJson)
    .option('--project <id|name>', 'project (without one: a single still picture by --preset)')
    .option('--character <id>', 'who is in it; may be repeated', several, [])
    .addOption(new Option('--type <type>', 'what to make').choices(jobType.options).default('still_image'))
    .addOption(new Option('--preset <preset>', 'from the quickest to the best').choices(preset.options))
    .addOption(new Option('--priority <priority>', 'place in line').choices(priority.options).default('normal'))
    .option('--body <file>', 'the whole request as JSON instead (- reads standard input)');
  addPictures(addNumbers(addNames(command)));
  command
    .option('--budget <seconds>', 'seconds within which it should be ready', aNumber)
    .option('--deadline <instant>', 'when it should be ready, as 2026-03-01T12:00:00Z')
    .option('--strict', 'refuse what cannot be ready in time', false)
    .option('--degrade', 'smaller is better than nothing, or than too late', false)
    .option('--no-quality-check', 'do not judge what comes out')
    .option('--max-regenerations <n>', 'how often what quality rejects is made again', aNumber)
    .action(async (prompts: string[], options: GenerateOptions) => {
      const { generate } = await import('./commands/generate.js');
      leave(await generate(prompts, options));
    });
}

const addNames = (command: Command): Command =>
  command
    .option('--negative <text>', 'what must not be in it')
    .option('--no-dynamic-prompts', 'take {a|b} in prompts as it stands')
    .option('--workflow <name>', 'as GET /workflows lists them')
    .option('--model <file>', 'checkpoint, as the cards list it')
    .option('--family <family>', 'what the checkpoint is, where its name does not say it')
    .option('--lora <file[:strength]>', 'may be repeated', several, [])
    .option('--sampler <name>', 'sampler')
    .option('--scheduler <name>', 'scheduler')
    .option('--set <name=value>', 'a further parameter of the workflow; may be repeated', several, []);

const addNumbers = (command: Command): Command =>
  command
    .option('--width <pixels>', 'width', aNumber)
    .option('--height <pixels>', 'height', aNumber)
    .option('--steps <n>', 'sampling steps', aNumber)
    .option('--cfg <scale>', 'how strictly the prompt is followed', aNumber)
    .option('--seed <n>', 'the first seed (default: chosen)', aNumber)
    .option('--count <n>', 'results of each prompt, with consecutive seeds', aNumber, 1)
    .option('--frames <n>', 'frames of one film', aNumber)
    .option('--fps <n>', 'frames per second of a film', aNumber);

/** Each takes an id, a path below the library, or a file of this machine, which is sent first. */
const addPictures = (command: Command): Command =>
  command
    .option('--start-image <picture>', 'an id, a path below the library, or a file here, which is sent first')
    .option('--end-image <picture>', 'the last frame, likewise')
    .option('--pose <picture>', 'a pose as OpenPose draws it, likewise')
    .option(
      '--reference <picture[:weight]>',
      'whom or what it should look like, likewise; may be repeated',
      several,
      [],
    )
    .option('--reference-weight <n>', 'weight of references that name none', aNumber)
    .option('--no-references', 'leave references out')
    .option('--controlnet <file=picture[:strength]>', 'may be repeated', several, []);

/** `tower watch`, `cancel`, `job` and `artifacts`. */
export function addFollowing(program: Command, leave: Leave): void {
  program
    .command('watch')
    .description('follow jobs to their ends; without ids, all that are not over. Ctrl-C ends the watching alone')
    .argument('[ids...]')
    .option(...plainJson)
    .action(async (ids: string[], options: { json: boolean }) => {
      const { watch } = await import('./commands/follow.js');
      leave(await watch(ids, options));
    });
  program
    .command('cancel')
    .description('cancel jobs')
    .argument('<ids...>')
    .option('--reason <text>', 'why, for those who read it later', '')
    .option(...plainJson)
    .action(async (ids: string[], options: { json: boolean; reason: string }) => {
      const { cancel } = await import('./commands/follow.js');
      leave(await cancel(ids, options));
    });
  program
    .command('job')
    .description('one job: how far it is, and when it will be ready')
    .argument('<id>')
    .option('--json', 'as JSON (also when the output is no terminal)', false)
    .action(async (id: string, options: { json: boolean }) => {
      const { jobsShow } = await import('./commands/steer-jobs.js');
      leave(await jobsShow(id, options));
    });
  program
    .command('artifacts')
    .description('the files of jobs, and where they lie')
    .argument('<ids...>', 'ids of jobs')
    .option('--open', 'open them with what this desktop opens such files with', false)
    .option(...plainJson)
    .action(async (ids: string[], options: { json: boolean; open: boolean }) => {
      const { artifacts } = await import('./commands/artifacts.js');
      leave(await artifacts(ids, options));
    });
}

/** `tower completion`. */
export function addCompletion(program: Command, leave: Leave): void {
  program
    .command('completion')
    .description('print what makes a shell complete commands and options, for its start-up file')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .action(async (shell: Shell) => {
      const { completion } = await import('./commands/completion.js');
      leave(completion(program, shell));
    });
}

const several = (value: string, before: string[]): string[] => [...before, value];

function aNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('must be a number');
  return value;
}
