import type { PackName } from './node-packs';
import type { StageName } from './node-stages';
import type { SilenceName } from './node-timeouts';
import type { FileNaming } from './saved-names';

/** What Tower knows of a class of nodes beside what a server says of it in `/object_info`. */
export interface NodeClass {
  /** The pack of custom nodes that brings it; absent for ComfyUI's own. */
  readonly pack?: PackName;
  /** What it does, for the person who waits, and its share of the time. */
  readonly stage: StageName;
  /** How long it may show no sign of life. */
  readonly silence: SilenceName;
  /** It samples: what it costs is counted in steps. */
  readonly samples?: true;
  /** A graph that has it makes or reads a film, and gets the patience that films need. */
  readonly film?: true;
  /**
   * Inputs that name a file below the server's `models`, and the folder there. Held against what a card has before it
   * is chosen, and sent in the card's own spelling.
   */
  readonly models?: Readonly<Record<string, string>>;
  /** The folder below `models` for files that its pack fetches by itself; nothing is held against it beforehand. */
  readonly fetchesInto?: string;
  /** Inputs that name a file of the server's `input` folder. */
  readonly inputFiles?: readonly string[];
  /** How it names the files that it saves; with it, a result is found although the server forgot the prompt. */
  readonly saves?: FileNaming;
}
