import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { CardProfileId, ShownDeviceId } from './card/card-profile';
import type { Fault, RandomFaults } from './faults/faults';
import type { GenerationId } from './generation';
import type { GateOptions } from './http/gate';
import type { LaunchFlags } from './launch-flags';
import type { FaceRule } from './nodes/face-rule';
import type { ModelInventory } from './object-info/node-registry';

export interface ComfySimOptions extends LaunchFlags {
  /** Below it lie output, input and temp, unless launch flags put them elsewhere. A restart keeps the first two. */
  readonly home: string;
  readonly profile?: CardProfileId;
  readonly generation?: GenerationId;
  /** Simulated seconds are multiplied by it; 0 runs as fast as it can. */
  readonly timeScale?: number;
  readonly seed?: number;
  readonly executionLogFile?: string;
  readonly faults?: readonly (Fault | RandomFaults)[];
  readonly models?: ModelInventory;
  /** What the headers of safetensors files say, by `folder/file` with `/` between sub-folders. */
  readonly metadata?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Model files that are listed and hold nothing. */
  readonly emptyModels?: readonly string[];
  /**
   * In which pictures InsightFace finds a face; by default in those this simulator drew and in files named `face` or
   * `portrait`.
   */
  readonly faces?: FaceRule;
  readonly historyDelayMs?: number;
  /** Adds small nodes that tick, sleep, raise, block or expand. */
  readonly toys?: boolean;
  /** Adds the classes of six node packs. */
  readonly packs?: boolean;
  /** What stands before the server: a login, a path. */
  readonly gate?: GateOptions;
  /** Another device than the profile's in /system_stats; it computes as the profile does. */
  readonly device?: ShownDeviceId;
  /** Shown in /system_stats. */
  readonly argv?: readonly string[];
  /** What a crash does; by default the simulated process dies within this one. */
  readonly onCrash?: (exitCode: number) => void;
}

const defaults = {
  host: '127.0.0.1',
  timeScale: 0.1,
  seed: 1,
  maxUploadMegabytes: 100,
  historyDelayMs: 5,
  previewSize: 512,
};

/** The options with everything that has a default. */
export type Settings = ReturnType<typeof settingsOf>;

export const settingsOf = (options: ComfySimOptions) => ({
  ...defaults,
  profile: 'rtx3060' as CardProfileId,
  generation: '0.3.64' as GenerationId,
  ...options,
});

/** The real server speaks TLS when it is given both files, and plainly with one alone. */
export function tlsOf({ tlsKeyFile, tlsCertFile }: LaunchFlags): { key: string; cert: string } | undefined {
  if (tlsKeyFile === undefined || tlsCertFile === undefined) return undefined;
  return { key: readFileSync(tlsKeyFile, 'utf8'), cert: readFileSync(tlsCertFile, 'utf8') };
}

/** Beside the database, as the flag names it or where the server has its own. */
export function assetsFile({ databaseUrl, userFolder, home }: ComfySimOptions): string {
  const database =
    databaseUrl?.replace(/^sqlite:\/\/\//, '') ?? path.join(userFolder ?? path.join(home, 'user'), 'comfyui.db');
  return path.resolve(`${database}.assets.json`);
}
