import { jobType, preset, priority, serviceNames, type ServiceName } from '@tower/contracts';
import { towerVersion } from '@tower/kit';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { CalibrateOptions } from './commands/gpus';
import type { EstimateOptions } from './commands/estimate';
import type { DemoOptions } from './demo/demo';
import { exitCodeHelp } from './exit-codes';
import { addCompletion, addFollowing, addGenerate } from './making-program';
import { addQueue, steerGpus, steerJobs } from './steering-program';

/** Ends the process with this code, when the command is done. */
type Leave = (code: number) => void;

const verbose = ['--verbose', 'show every line of the log, not only warnings and errors'] as const;
const asJson = ['--json', 'as JSON (also when the output is no terminal)', false] as const;

/** What `tower` understands. Each command is loaded when it is asked for: `--help` needs no database driver. */
export function towerProgram(leave: Leave): Command {
  const program = new Command('tower')
    // Before its commands are added, which take it over: what is wrong with their words is thrown, too.
    .exitOverride()
    .description('Self-hosted anime production: starts Tower and talks to it')
    .version(towerVersion)
    .addHelpText('after', `\n${exitCodeHelp}`)
    // Else an option that a command and the one behind it both have would be taken from the latter.
    .enablePositionalOptions();
  for (const add of [
    addStart,
    addDemo,
    addLooks,
    addNats,
    addModels,
    addGenerate,
    addFollowing,
    addEstimate,
    addUpload,
    addJobs,
    addGpus,
    addQueue,
    addDeadLetters,
    addCompletion,
    addSim,
  ])
    add(program, leave);
  return program;
}

/** `tower start`. */
function addStart(program: Command, leave: Leave): void {
  program
    .command('start')
    .description('start everything on this machine and serve until Ctrl-C')
    .option(...verbose, false)
    .action(async (options: { verbose: boolean }) => {
      const { start } = await import('./commands/start.js');
      leave(await start(options));
    });
}

/** `tower demo`. */
function addDemo(program: Command, leave: Leave): void {
  program
    .command('demo')
    .description('make a few pictures through the public interface, on every card')
    .option('--count <n>', 'pictures altogether (default: 2 per card)', wholeNumber(1, 64))
    .option('--size <WxH>', 'picture size in pixels, multiples of 8', size)
    .option('--steps <n>', 'sampling steps', wholeNumber(1, 150))
    .option('--prompt <text>', 'one prompt for all pictures')
    .option('--model <file>', 'checkpoint, as the cards list it (default: the one most cards have)')
    .option('--json', 'one JSON object per line', false)
    .option(...verbose, false)
    .action(async (options: DemoOptions & { json: boolean; verbose: boolean }) => {
      const { demo } = await import('./commands/demo.js');
      leave(await demo(options));
    });
}

/** `tower status` and `tower doctor`. */
function addLooks(program: Command, leave: Leave): void {
  program
    .command('status')
    .description('what runs, what the cards do, what waits')
    .option('--json', 'as JSON', false)
    .action(async (options: { json: boolean }) => {
      const { status } = await import('./commands/status.js');
      leave(await status(options));
    });

  program
    .command('doctor')
    .description('check everything that a start needs, and say what to do')
    .option('--json', 'as JSON', false)
    .action(async (options: { json: boolean }) => {
      const { doctor } = await import('./commands/doctor.js');
      leave(await doctor(options));
    });
}

/** `tower nats …`. */
function addNats(program: Command, leave: Leave): void {
  const nats = program.command('nats').description('who may say what on NATS');
  nats
    .command('credentials')
    .description('print the address with the password that publishers use; keep it to yourself')
    .action(async () => {
      const { natsCredentials } = await import('./commands/nats.js');
      leave(natsCredentials());
    });
  nats
    .command('users')
    .description('print the users and rights that a NATS server of yours needs, for its configuration')
    .action(async () => {
      const { natsUsersConfig } = await import('./commands/nats.js');
      leave(natsUsersConfig());
    });
  nats
    .command('setup')
    .description('make and update the streams on the server of NATS_URL, as its admin; npm start does this by itself')
    .action(async () => {
      const { natsSetup } = await import('./commands/nats.js');
      leave(await natsSetup());
    });
}

/** `tower models …`. */
function addModels(program: Command, leave: Leave): void {
  const models = program.command('models').description('the models that the cards and the quality check need');
  models
    .command('list')
    .description('what the manifest knows, which card has it and what is missing')
    .option('--json', 'as JSON (also when the output is no terminal)', false)
    .action(async (options: { json: boolean }) => {
      const { modelsList } = await import('./commands/models.js');
      leave(await modelsList(options));
    });
  models
    .command('fetch')
    .description(
      'download models to the cards whose models folder can be reached; goes on where an earlier call stopped',
    )
    .argument('[names...]', 'files or quality networks, as tower models list names them')
    .option('--gpu <name>', 'for this card only (default: for every card)')
    .option('--quality', 'quality networks only; without a name, all that config/models.yaml accepts', false)
    .option('--accept-licence', 'you have read the licence and accept it, for this call', false)
    .option('--json', 'one JSON object per line (also when the output is no terminal)', false)
    .action(
      async (names: string[], options: { gpu?: string; quality: boolean; acceptLicence: boolean; json: boolean }) => {
        const { modelsFetch } = await import('./commands/models.js');
        leave(await modelsFetch({ names, ...options }));
      },
    );
}

/** `tower estimate`. */
function addEstimate(program: Command, leave: Leave): void {
  program
    .command('estimate')
    .description('when a request would be ready, with each preset; nothing is made')
    .argument('[prompt]')
    .option('--project <id>', 'project (without one: a single still picture by --preset)')
    .addOption(new Option('--type <type>', 'what to make').choices(jobType.options).default('still_image'))
    .addOption(new Option('--preset <preset>', 'the most that is wanted').choices(preset.options))
    .addOption(new Option('--priority <priority>', 'place in line').choices(priority.options).default('normal'))
    .option('--workflow <name>', 'as GET /workflows lists them')
    .option('--model <file>', 'checkpoint, as the cards list it')
    .option('--count <n>', 'results', wholeNumber(1, 64), 1)
    .option('--width <pixels>', 'width', wholeNumber(1, 16_384))
    .option('--height <pixels>', 'height', wholeNumber(1, 16_384))
    .option('--steps <n>', 'sampling steps', wholeNumber(1, 1_000))
    .option('--frames <n>', 'frames of one film', wholeNumber(1, 100_000))
    .option('--budget <seconds>', 'seconds within which it should be ready', wholeNumber(1, 31_536_000))
    .option('--deadline <instant>', 'when it should be ready, as 2026-03-01T12:00:00Z')
    .option('--degrade', 'less than the lowest preset is better than too late', false)
    .option('--body <file>', 'the whole request as JSON instead (- reads standard input)')
    .option(...asJson)
    .action(async (prompt: string | undefined, options: EstimateOptions) => {
      const { estimate } = await import('./commands/estimate.js');
      leave(await estimate(prompt, options));
    });
}

/** `tower upload`. */
function addUpload(program: Command, leave: Leave): void {
  program
    .command('upload')
    .description('send pictures or films, for use as start pictures, references and the like; prints their ids')
    .argument('<files...>')
    .option(...asJson)
    .action(async (files: string[], options: { json: boolean }) => {
      const { upload } = await import('./commands/upload.js');
      leave(await upload(files, options));
    });
}

/** `tower jobs …`. */
function addJobs(program: Command, leave: Leave): void {
  const jobs = program.command('jobs').description('what was asked for: where it is, and another place in line');
  steerJobs(jobs, leave);
  jobs
    .command('explain')
    .description('why a job waits, what is before it, and what would make it ready sooner')
    .argument('<id>')
    .option(...asJson)
    .action(async (id: string, options: { json: boolean }) => {
      const { jobsExplain } = await import('./commands/jobs.js');
      leave(await jobsExplain(id, options));
    });
  jobs
    .command('decisions')
    .description('which card was chosen for it when, what the others made of it, and whether that would be so again')
    .argument('<id>')
    .option('--limit <n>', 'so many, the newest first', wholeNumber(1, 50), 10)
    .option(...asJson)
    .action(async (id: string, options: { json: boolean; limit: number }) => {
      const { jobsDecisions } = await import('./commands/decisions.js');
      leave(await jobsDecisions(id, options));
    });
}

/** `tower gpus …`. */
function addGpus(program: Command, leave: Leave): void {
  const gpus = program
    .command('gpus')
    .description('the cards: what they do and come to next; take them out of use, claim their memory');
  steerGpus(gpus, leave);
  gpus
    .command('calibrate')
    .description(
      'measure cards with a few light prompts, when nothing else waits for them; Ctrl-C cancels what is left',
    )
    .option('--gpu <name>', 'this card only (default: every card)')
    .option('--workflow <name>', 'with this workflow only (default: with all that the card can run)')
    .option('--json', 'one JSON object per line (also when the output is no terminal)', false)
    .action(async (options: CalibrateOptions) => {
      const { gpusCalibrate } = await import('./commands/gpus.js');
      leave(await gpusCalibrate(options));
    });
}

/** `tower dead-letters …`. */
function addDeadLetters(program: Command, leave: Leave): void {
  const letters = program
    .command('dead-letters')
    .description('messages between services that could not be handled, and what to do about them');
  addReadingLetters(letters, leave);
  for (const [what, description] of [
    ['redrive', 'hand them to the service that failed again, once the cause is gone'],
    ['dismiss', 'say that they need not be handled'],
  ] as const) {
    const command = letters
      .command(what)
      .description(description)
      .argument('[ids...]')
      .option('--all', 'all that are open', false)
      .option(...asJson);
    command.action(async (ids: string[], options: { all: boolean; json: boolean }) => {
      if ((ids.length === 0) !== options.all) command.error('name letters by their ids, or all with --all');
      const { deadLettersSettle } = await import('./commands/dead-letters.js');
      leave(await deadLettersSettle(what, ids, options));
    });
  }
}

function addReadingLetters(letters: Command, leave: Leave): void {
  letters
    .command('list')
    .description('newest first')
    .addOption(new Option('--service <name>', 'of this service only').choices(serviceNames))
    .addOption(
      new Option('--state <state>', 'which of them').choices(['open', 'redriven', 'dismissed']).default('open'),
    )
    .option('--limit <n>', 'at most so many', wholeNumber(1, 200), 50)
    .option(...asJson)
    .action(
      async (options: {
        service?: ServiceName;
        state: 'open' | 'redriven' | 'dismissed';
        limit: number;
        json: boolean;
      }) => {
        const { deadLettersList } = await import('./commands/dead-letters.js');
        leave(await deadLettersList(options));
      },
    );
  letters
    .command('show')
    .description('one of them, with the message')
    .argument('<id>')
    .option(...asJson)
    .action(async (id: string, options: { json: boolean }) => {
      const { deadLettersShow } = await import('./commands/dead-letters.js');
      leave(await deadLettersShow(id, options));
    });
}

/** `tower sim`, whose options are the simulator's own. */
function addSim(program: Command, leave: Leave): void {
  program
    .command('sim')
    .description('run one simulated ComfyUI; its own options follow (tower sim --help)')
    .helpOption(false)
    .allowUnknownOption()
    .argument('[options...]', 'for instance --profile rtx3060 --port 8188')
    .action(async (args: string[]) => {
      const { sim } = await import('./commands/sim.js');
      leave(await sim(args));
    });
}

const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < min || value > max)
      throw new InvalidArgumentError(`must be a whole number from ${min} to ${max}`);
    return value;
  };

function size(text: string): { width: number; height: number } {
  const match = /^(\d+)x(\d+)$/i.exec(text);
  const [width, height] = [Number(match?.[1]), Number(match?.[2])];
  for (const side of [width, height])
    if (!Number.isInteger(side) || side < 64 || side > 2048 || side % 8 !== 0)
      throw new InvalidArgumentError('write 512x768; sides are multiples of 8 from 64 to 2048');
  return { width, height };
}
