import { Command, InvalidArgumentError, Option } from 'commander';
import { cardProfiles, type CardProfileId } from './card/card-profile';
import type { ComfySimOptions } from './comfy-sim';
import type { CachePolicy } from './execution/node-cache';
import { parseFault, type Fault } from './faults';
import { generationIds, type GenerationId } from './generation';

interface Flags {
  readonly profile: CardProfileId;
  readonly generation: GenerationId;
  readonly host: string;
  readonly port: number;
  readonly timeScale: number;
  readonly home: string;
  readonly executionLog?: string;
  readonly seed: number;
  readonly fault: Fault[];
  readonly previewMethod: 'none' | 'latent2rgb';
  readonly maxUploadSize: number;
  readonly toys?: true;
  readonly packs?: true;
  readonly cacheLru?: number;
  readonly cacheRam?: number;
  readonly cacheNone?: true;
  readonly enableCorsHeader?: string | true;
  readonly enableCompressResponseBody?: true;
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) throw new InvalidArgumentError('not a number');
  return value;
}

function fault(text: string, before: Fault[]): Fault[] {
  try {
    return [...before, parseFault(text)];
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

const gibibyte = 1024 ** 3;

function cacheOf(flags: Flags): { cache?: CachePolicy } {
  if (flags.cacheNone === true) return { cache: { kind: 'none' } };
  if (flags.cacheLru !== undefined) return { cache: { kind: 'lru', size: flags.cacheLru } };
  if (flags.cacheRam === undefined) return {};
  return { cache: { kind: flags.cacheRam * gibibyte > cardProfiles[flags.profile].ramBytes ? 'starved' : 'pressure' } };
}

export interface CommandLine extends Omit<ComfySimOptions, 'onCrash'> {
  readonly profile: CardProfileId;
  readonly generation: GenerationId;
}

/** Our own flags come before a `--`; what follows it, and what we do not know, are flags of a real ComfyUI and are only shown. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const command = new Command('comfy-sim')
    .description('A ComfyUI server that needs no GPU: same protocol, drawn pictures, injected faults.')
    .addOption(new Option('--profile <card>', 'simulated card').choices(Object.keys(cardProfiles)).default('rtx3060'))
    .addOption(new Option('--generation <version>', 'ComfyUI version to imitate').choices(generationIds).default('0.3.64'))
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port; 0 picks a free one', number, 8188)
    .option('--time-scale <factor>', 'simulated seconds are multiplied by it', number, 0.1)
    .option('--home <folder>', 'folder of output, input and temp', '.tower/comfy-sim')
    .option('--execution-log <file>', 'JSONL file of everything executed')
    .option('--seed <number>', 'seed of the small noise in all durations', number, 1)
    .option('--fault <fault>', 'arm a fault: kind[@node[/tick]][*times][=ms or factor]; may be repeated', fault, [])
    .addOption(new Option('--preview-method <method>', 'previews while sampling').choices(['none', 'latent2rgb']).default('latent2rgb'))
    .option('--cache-lru <results>', 'keep this many node results', number)
    .option('--cache-ram <gigabytes>', 'RAM to keep free; more than the machine has keeps no results', number)
    .option('--cache-none', 'keep no node results')
    .option('--enable-cors-header [origin]', 'answer browsers of this origin; without one, of any')
    .option('--enable-compress-response-body', 'compress answers for clients that take gzip')
    .option('--packs', 'describe the classes of six node packs (AnimateDiff, VideoHelperSuite, IPAdapter, GGUF, CogVideoX, RIFE)')
    .option('--toys', 'add small nodes that tick, sleep, raise, block or expand')
    .option('--max-upload-size <megabytes>', 'largest request body', number, 100)
    .allowUnknownOption()
    .allowExcessArguments();
  command.parse([...args], { from: 'user' });
  const flags = command.opts<Flags>();
  return {
    home: flags.home, profile: flags.profile, generation: flags.generation, host: flags.host, port: flags.port, timeScale: flags.timeScale,
    seed: flags.seed, faults: flags.fault, previewMethod: flags.previewMethod, maxUploadMegabytes: flags.maxUploadSize,
    toys: flags.toys === true, packs: flags.packs === true, compresses: flags.enableCompressResponseBody === true,
    ...cacheOf(flags),
    ...(flags.enableCorsHeader === undefined ? {} : { corsOrigin: flags.enableCorsHeader === true ? '*' : flags.enableCorsHeader }),
    argv: ['main.py', '--simulated', ...args],
    ...(flags.executionLog === undefined ? {} : { executionLogFile: flags.executionLog }),
  };
}
