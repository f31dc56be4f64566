import { Command, InvalidArgumentError, Option } from 'commander';
import { cardProfiles, shownDevices, type CardProfileId, type ShownDeviceId } from './card/card-profile';
import { inventoryOf } from './card/model-inventory';
import { parseLaunchFlags } from './launch-flags';
import { parseFaultOrRandom, type Fault, type RandomFaults } from './faults/faults';
import { generationIds, type GenerationId } from './generation';
import { readGate } from './http/gate';
import { faceRules, type FaceRule } from './nodes/face-rule';
import type { ComfySimOptions } from './settings';

interface Flags {
  readonly profile: CardProfileId;
  readonly generation: GenerationId;
  readonly host: string;
  readonly port: number;
  readonly timeScale?: number;
  readonly home: string;
  readonly executionLog?: string;
  readonly seed: number;
  readonly fault: (Fault | RandomFaults)[];
  readonly toys?: true;
  readonly packs: boolean;
  readonly without: string[];
  readonly file: string[];
  readonly windows?: true;
  readonly metadata: string[];
  readonly emptyModel: string[];
  readonly faces: FaceRule;
  readonly gate?: string;
  readonly device?: ShownDeviceId;
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) throw new InvalidArgumentError('not a number');
  return value;
}

function fault(text: string, before: (Fault | RandomFaults)[]): (Fault | RandomFaults)[] {
  try {
    return [...before, parseFaultOrRandom(text)];
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

/** `folder/file={"key": "text"}`. */
function fileMetadata(text: string): [string, Record<string, string>] {
  const split = text.indexOf('=');
  return [text.slice(0, split), JSON.parse(text.slice(split + 1)) as Record<string, string>];
}

const listed = (text: string, before: string[]): string[] => [...before, text];

interface CommandLine extends Omit<ComfySimOptions, 'onCrash'> {
  readonly profile: CardProfileId;
  readonly generation: GenerationId;
}

const launchFlagsHelp = `
Flags of ComfyUI, before or after a "--", are obeyed as the imitated version does: --listen, --port, --base-directory,
--output-directory, --input-directory, --temp-directory, --user-directory, --database-url, --preview-method,
--preview-size, --cache-classic, --cache-lru, --cache-none, --cache-ram, --max-upload-size, --enable-cors-header,
--enable-compress-response-body, --enable-assets, --feature-flag, --disable-metadata, --disable-all-custom-nodes,
--cpu, --reserve-vram, --tls-keyfile, --tls-certfile. Others are shown in /system_stats; what the version lacks ends
with exit code 2.`;

/** Recordings made with `--cpu` show a CPU's pace, and what they did in the middle of a step needs the time. */
const realTime = 1;
const fast = 0.1;

/** Our own flags. */
const ownCommand = (): Command =>
  new Command('comfy-sim')
    .description('A ComfyUI server that needs no GPU: same protocol, drawn pictures, injected faults.')
    .addOption(new Option('--profile <card>', 'simulated card').choices(Object.keys(cardProfiles)).default('rtx3060'))
    .addOption(
      new Option('--generation <version>', 'ComfyUI version to imitate').choices(generationIds).default('0.3.64'),
    )
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port; 0 picks a free one', number, 8188)
    .option('--time-scale <factor>', 'simulated seconds are multiplied by it (default: 0.1, with --cpu 1)', number)
    .option('--home <folder>', 'folder of output, input and temp', '.tower/comfy-sim')
    .option('--execution-log <file>', 'JSONL file of everything executed')
    .option('--seed <number>', 'seed of the small noise in all durations', number, 1)
    .option(
      '--fault <fault>',
      'arm a fault: kind[@node[/tick]][*times][=value], or random:SEED[:kinds][=rate]; may be repeated',
      fault,
      [],
    )
    .option('--packs', 'with six node packs (AnimateDiff, VideoHelperSuite, IPAdapter, GGUF, CogVideoX, RIFE)', true)
    .option('--no-packs', 'a bare server, without node packs, their model folders and control networks')
    .option('--without <folder/file>', 'leave a model out, or a whole model folder; may be repeated', listed, [])
    .option(
      '--file <folder/file>',
      'add a model file, in a sub-folder too (loras/styles/ink.safetensors); may be repeated',
      listed,
      [],
    )
    .option('--windows', 'list model files as a server on Windows does, with \\ between folders')
    .option(
      '--metadata <folder/file=json>',
      'what the header of a safetensors file says, for /view_metadata; may be repeated',
      listed,
      [],
    )
    .option('--empty-model <file>', 'list this model file, and let it hold nothing; may be repeated', listed, [])
    .addOption(
      new Option('--faces <rule>', 'pictures in which InsightFace finds a face').choices(faceRules).default('drawn'),
    )
    .option('--gate <file>', 'JSON file: what stands before the server, a login and a path')
    .addOption(
      new Option('--device <name>', 'another device in /system_stats than the profile has').choices(
        Object.keys(shownDevices),
      ),
    )
    .option('--toys', 'add small nodes that tick, sleep, raise, block or expand')
    .addHelpText('after', launchFlagsHelp)
    .allowUnknownOption()
    .allowExcessArguments();

/** Our own flags come before a `--`; those of a real ComfyUI may stand on either side of it. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const end = args.indexOf('--');
  const own = end < 0 ? args : args.slice(0, end);
  const command = ownCommand();
  command.parse([...own], { from: 'user' });
  const flags = command.opts<Flags>();
  const theirs = [...command.args, ...(end < 0 ? [] : args.slice(end + 1))];
  const launch = parseLaunchFlags(theirs, flags.generation, cardProfiles[flags.profile].ramBytes);
  return {
    home: flags.home,
    profile: flags.profile,
    generation: flags.generation,
    host: flags.host,
    port: flags.port,
    timeScale: flags.timeScale ?? (launch.onCpu === true ? realTime : fast),
    seed: flags.seed,
    faults: flags.fault,
    toys: flags.toys === true,
    packs: flags.packs,
    faces: flags.faces,
    emptyModels: flags.emptyModel,
    models: inventoryOf(flags.packs, { without: flags.without, files: flags.file, windows: flags.windows === true }),
    metadata: Object.fromEntries(flags.metadata.map(fileMetadata)),
    ...(flags.gate === undefined ? {} : { gate: readGate(flags.gate) }),
    ...(flags.device === undefined ? {} : { device: flags.device }),
    argv: ['main.py', '--simulated', ...args],
    ...(flags.executionLog === undefined ? {} : { executionLogFile: flags.executionLog }),
    ...launch,
  };
}
