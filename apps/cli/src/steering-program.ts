import { userInfo } from 'node:os';
import { jobState, priority, type JobState, type Priority } from '@tower/contracts';
import { Argument, InvalidArgumentError, Option, type Command } from 'commander';

/** Ends the process with this code, when the command is done. */
type Leave = (code: number) => void;
interface Output {
  json: boolean;
}

const asJson = ['--json', 'as JSON (also when the output is no terminal)', false] as const;
const reason = ['--reason <text>', 'why, for those who read it later', ''] as const;
const who = (): Option => new Option('--who <name>', 'who asks').default(ownName(), 'you');

/** The name of whoever runs this; a container may have none. */
function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'a person';
  }
}

/** `tower gpus` itself, and what people do with cards. */
export function steerGpus(gpus: Command, leave: Leave): void {
  gpus
    .argument('[name]', 'this card only')
    .option(...asJson)
    .action(async (name: string | undefined, options: Output) => {
      const { gpusList, gpusShow } = await import('./commands/steer-gpus.js');
      leave(name === undefined ? await gpusList(options) : await gpusShow(name, options));
    });
  gpus
    .command('drain')
    .description('start nothing new there; what runs ends')
    .argument('<name>')
    .option(...reason)
    .addOption(who())
    .option(...asJson)
    .action(async (name: string, options: Output & { who: string; reason: string }) => {
      const { gpusDrain } = await import('./commands/steer-gpus.js');
      leave(await gpusDrain(name, options));
    });
  gpus
    .command('resume')
    .description('use it again')
    .argument('<name>')
    .addOption(who())
    .option(...asJson)
    .action(async (name: string, options: Output & { who: string }) => {
      const { gpusResume } = await import('./commands/steer-gpus.js');
      leave(await gpusResume(name, options));
    });
  addClaims(gpus, leave);
}

function addClaims(gpus: Command, leave: Leave): void {
  gpus
    .command('claim')
    .description('claim memory of a card for another program, for a time')
    .argument('<name>')
    .requiredOption('--megabytes <n>', 'MiB', aNumber)
    .requiredOption('--seconds <n>', 'ends by itself after so long, a day at most', aNumber)
    .requiredOption('--who <name>', 'the program that uses it')
    .option(...asJson)
    .action(async (name: string, options: Output & { megabytes: number; seconds: number; who: string }) => {
      const { gpusClaim } = await import('./commands/steer-gpus.js');
      leave(await gpusClaim(name, options));
    });
  gpus
    .command('release')
    .description('end a claim, or all of one program, or all of the card')
    .argument('<name>')
    .argument('[claim]', 'its id')
    .option('--who <name>', 'all of this program')
    .option(...asJson)
    .action(async (name: string, id: string | undefined, options: Output & { who?: string }, command: Command) => {
      if (id !== undefined && options.who !== undefined) command.error('name a claim, or --who, and not both');
      const { gpusRelease } = await import('./commands/steer-gpus.js');
      leave(await gpusRelease(name, id, options));
    });
}

/** `tower jobs` itself, and what people do with jobs that are there. */
export function steerJobs(jobs: Command, leave: Leave): void {
  jobs
    .argument('[id]', 'this job only')
    .addOption(new Option('--state <state>', 'of this state only').choices(jobState.options))
    .option('--limit <n>', 'at most so many, 200 at most', aNumber, 20)
    .option(...asJson)
    .action(async (id: string | undefined, options: Output & { state?: JobState; limit: number }) => {
      const { jobsList, jobsShow } = await import('./commands/steer-jobs.js');
      leave(id === undefined ? await jobsList(options) : await jobsShow(id, options));
    });
  addPlaces(jobs, leave);
  addUnorder(jobs, leave);
  addHolds(jobs, leave);
}

function addPlaces(jobs: Command, leave: Leave): void {
  jobs
    .command('set-priority')
    .description('serve it as this priority from now on')
    .argument('<id>')
    .addArgument(new Argument('<priority>').choices(priority.options))
    .option(...asJson)
    .action(async (id: string, wanted: Priority, options: Output) => {
      const { jobsSetPriority } = await import('./commands/steer-jobs.js');
      leave(await jobsSetPriority(id, wanted, options));
    });
  jobs
    .command('set-deadline')
    .description('when it should be ready')
    .argument('<id>')
    .argument('<when>', 'as 2027-01-01T18:00:00Z, or none')
    .option(...asJson)
    .action(async (id: string, when: string, options: Output) => {
      const { jobsSetDeadline } = await import('./commands/steer-jobs.js');
      leave(await jobsSetDeadline(id, when === 'none' ? null : when, options));
    });
  jobs
    .command('order')
    .description('put it before or after another job of its priority')
    .argument('<id>')
    .option('--before <other>', 'the job that it goes before')
    .option('--after <other>', 'the job that it goes after')
    .option(...asJson)
    .action(async (id: string, options: Output & { before?: string; after?: string }, command: Command) => {
      const { before, after } = options;
      if ((before === undefined) === (after === undefined)) command.error('name another job by --before or --after');
      const { jobsOrder } = await import('./commands/steer-jobs.js');
      const place = { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
      leave(await jobsOrder(id, place, options));
    });
}

function addUnorder(jobs: Command, leave: Leave): void {
  jobs
    .command('unorder')
    .description('take back what was ordered of it by hand')
    .argument('<id>')
    .option(...asJson)
    .action(async (id: string, options: Output) => {
      const { jobsUnorder } = await import('./commands/steer-jobs.js');
      leave(await jobsUnorder(id, options));
    });
}

function addHolds(jobs: Command, leave: Leave): void {
  jobs
    .command('pause')
    .description('start nothing more of it; what runs ends')
    .argument('<id>')
    .option(...reason)
    .addOption(who())
    .option(...asJson)
    .action(async (id: string, options: Output & { who: string; reason: string }) => {
      const { jobsPause } = await import('./commands/steer-jobs.js');
      leave(await jobsPause(id, options));
    });
  jobs
    .command('resume')
    .description('go on with it')
    .argument('<id>')
    .addOption(who())
    .option(...asJson)
    .action(async (id: string, options: Output & { who: string }) => {
      const { jobsResume } = await import('./commands/steer-jobs.js');
      leave(await jobsResume(id, options));
    });
  jobs
    .command('retry')
    .description('ask again, by a new job, for what one that ended did not bring')
    .argument('<id>')
    .option(...asJson)
    .action(async (id: string, options: Output) => {
      const { jobsRetry } = await import('./commands/steer-jobs.js');
      leave(await jobsRetry(id, options));
    });
}

/** `tower queue …`. */
export function addQueue(program: Command, leave: Leave): void {
  const queue = program.command('queue').description('the line as a whole');
  queue
    .command('pause')
    .description('start nothing new on any card; what runs ends')
    .option(...reason)
    .addOption(who())
    .option(...asJson)
    .action(async (options: Output & { who: string; reason: string }) => {
      const { queuePause } = await import('./commands/steer-queue.js');
      leave(await queuePause(options));
    });
  queue
    .command('resume')
    .description('serve it again')
    .addOption(who())
    .option(...asJson)
    .action(async (options: Output & { who: string }) => {
      const { queueResume } = await import('./commands/steer-queue.js');
      leave(await queueResume(options));
    });
}

/** Limits are those of the interface, which says them. */
function aNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('must be a number');
  return value;
}
