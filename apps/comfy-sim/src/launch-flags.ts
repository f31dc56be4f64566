import path from 'node:path';
import type { CachePolicy } from './execution/node-cache';
import type { GenerationId } from './generation';

/** The real server prints its usage and ends with code 2. */
export class FlagRefused extends Error {
  constructor(complaint: string) {
    super(`main.py: error: ${complaint}`);
  }
}

type PreviewMethod = 'none' | 'latent2rgb';

/** What ComfyUI's own launch flags ask of the server; absent means its default. */
export interface LaunchFlags {
  readonly host?: string;
  readonly port?: number;
  readonly tlsKeyFile?: string;
  readonly tlsCertFile?: string;
  readonly outputFolder?: string;
  readonly inputFolder?: string;
  /** Wiped at every start. */
  readonly tempFolder?: string;
  readonly userFolder?: string;
  readonly databaseUrl?: string;
  readonly previewMethod?: PreviewMethod;
  readonly previewSize?: number;
  readonly maxUploadMegabytes?: number;
  readonly cache?: CachePolicy;
  readonly corsOrigin?: string;
  readonly compresses?: true;
  readonly writesMetadata?: false;
  readonly onCpu?: true;
  readonly assets?: true;
  readonly featureFlags?: ReadonlyMap<string, string | boolean>;
  readonly customNodes?: false;
  /** Memory of the card that is never planned with. */
  readonly reservedVramBytes?: number;
}

/** How many values a flag takes; `?` is none or one, `*` and `+` are as many as follow. */
type Arity = 0 | 1 | '?' | '*' | '+';

const arities: Readonly<Record<string, Arity>> = {
  '--listen': '?',
  '--port': 1,
  '--tls-keyfile': 1,
  '--tls-certfile': 1,
  '--enable-cors-header': '?',
  '--max-upload-size': 1,
  '--base-directory': 1,
  '--extra-model-paths-config': '+',
  '--output-directory': 1,
  '--temp-directory': 1,
  '--input-directory': 1,
  '--user-directory': 1,
  '--models-directory': 1,
  '--database-url': 1,
  '--cuda-device': 1,
  '--default-device': 1,
  '--directml': '?',
  '--oneapi-device-selector': 1,
  '--preview-method': 1,
  '--preview-size': 1,
  '--cache-ram': '*',
  '--cache-lru': 1,
  '--reserve-vram': 1,
  '--vram-headroom': 1,
  '--default-hashing-function': 1,
  '--fast': '*',
  '--whitelist-custom-nodes': '+',
  '--verbose': '*',
  '--front-end-version': 1,
  '--front-end-root': 1,
  '--feature-flag': 1,
  '--comfy-api-base': 1,
};

/** Flags of one generation which the other does not know. */
const onlyIn: Readonly<Record<GenerationId, readonly string[]>> = {
  '0.3.64': ['--normalvram', '--disable-ipex-optimize'],
  '0.33': [
    '--enable-assets',
    '--enable-asset-hashing',
    '--models-directory',
    '--high-ram',
    '--fast-disk',
    '--vram-headroom',
    '--disable-nvml-pressure',
    '--disable-dynamic-vram',
    '--enable-dynamic-vram',
    '--disable-async-offload',
    '--disable-pinned-memory',
    '--disable-cuda-graphs',
    '--feature-flag',
    '--list-feature-flags',
    '--debug-hang',
    '--cache-ram',
    '--fp16-intermediates',
    '--enable-triton-backend',
    '--disable-triton-backend',
    '--use-ck-attention',
    '--enable-manager',
    '--disable-manager-ui',
    '--enable-manager-legacy-ui',
  ],
};
/** Known to later releases only. */
const inNeither = ['--disable-assets', '--offline', '--date-based-output'];

const exclusive: readonly (readonly string[])[] = [
  ['--cache-ram', '--cache-classic', '--cache-lru', '--cache-none'],
  ['--gpu-only', '--highvram', '--normalvram', '--lowvram', '--novram', '--cpu'],
];

/**
 * Reads the launch flags of a ComfyUI of this generation. Flags that no recorded server has are passed by; those which
 * this generation is known to lack end the start, as they do on the real server.
 */
export function parseLaunchFlags(args: readonly string[], generation: GenerationId, ramBytes: number): LaunchFlags {
  const given = collect(args);
  const refused = [...given.keys()].filter((flag) => isForeign(flag, generation));
  if (refused.length > 0)
    throw new FlagRefused(
      `unrecognized arguments: ${refused.flatMap((flag) => [flag, ...(given.get(flag) ?? [])]).join(' ')}`,
    );
  refuseRivals([...given.keys()]);
  return new Reading(given).flags(ramBytes);
}

function isForeign(flag: string, generation: GenerationId): boolean {
  return (
    inNeither.includes(flag) || Object.entries(onlyIn).some(([id, flags]) => id !== generation && flags.includes(flag))
  );
}

/** The last value of a repeated flag wins, but for those that collect. */
function collect(args: readonly string[]): Map<string, string[]> {
  const given = new Map<string, string[]>();
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] ?? '';
    if (!word.startsWith('--')) continue;
    const [flag = '', ...joined] = word.split('=');
    const arity = arities[flag] ?? 0;
    const values = joined.length > 0 ? [joined.join('=')] : [];
    const most = arity === 0 || joined.length > 0 ? 0 : arity === 1 || arity === '?' ? 1 : Infinity;
    while (values.length < most && isValue(args[at + 1])) values.push(args[(at += 1)] ?? '');
    if ((arity === 1 || arity === '+') && values.length === 0)
      throw new FlagRefused(`argument ${flag}: expected ${arity === 1 ? 'one argument' : 'at least one argument'}`);
    given.set(flag, flag === '--feature-flag' ? [...(given.get(flag) ?? []), ...values] : values);
  }
  return given;
}

const isValue = (word: string | undefined): boolean =>
  word !== undefined && (!word.startsWith('-') || /^-\d/.test(word));

function refuseRivals(flags: readonly string[]): void {
  for (const group of exclusive) {
    const [first, second] = flags.filter((flag) => group.includes(flag));
    if (first !== undefined && second !== undefined)
      throw new FlagRefused(`argument ${second}: not allowed with argument ${first}`);
  }
}

const gibibyte = 1024 ** 3;

class Reading {
  constructor(private readonly given: ReadonlyMap<string, readonly string[]>) {}

  flags(ramBytes: number): LaunchFlags {
    const base = this.text('--base-directory');
    const below = (name: string): string | undefined => (base === undefined ? undefined : path.join(base, name));
    const temp = this.text('--temp-directory') ?? base;
    const cors = this.given.get('--enable-cors-header');
    const preview = this.choice('--preview-method', ['none', 'auto', 'latent2rgb', 'taesd']);
    const listen = this.given.get('--listen');
    const reserved = this.number('--reserve-vram', 'float');
    return defined({
      host: listen === undefined ? undefined : (listen[0] ?? '0.0.0.0').split(',')[0],
      port: this.number('--port', 'int'),
      tlsKeyFile: this.text('--tls-keyfile'),
      tlsCertFile: this.text('--tls-certfile'),
      outputFolder: this.text('--output-directory') ?? below('output'),
      inputFolder: this.text('--input-directory') ?? below('input'),
      tempFolder: temp === undefined ? undefined : path.join(temp, 'temp'),
      userFolder: this.text('--user-directory') ?? below('user'),
      databaseUrl: this.text('--database-url'),
      // Without decoder files taesd falls back to latent2rgb, and auto picks it.
      previewMethod:
        preview === undefined ? undefined : preview === 'none' ? ('none' as const) : ('latent2rgb' as const),
      previewSize: this.number('--preview-size', 'int'),
      maxUploadMegabytes: this.number('--max-upload-size', 'float'),
      cache: this.cache(ramBytes),
      corsOrigin: cors === undefined ? undefined : (cors[0] ?? '*'),
      compresses: this.has('--enable-compress-response-body'),
      writesMetadata: this.has('--disable-metadata') ? (false as const) : undefined,
      onCpu: this.has('--cpu'),
      assets: this.has('--enable-assets'),
      featureFlags: this.featureFlags(),
      customNodes: this.has('--disable-all-custom-nodes') ? (false as const) : undefined,
      reservedVramBytes: reserved === undefined ? undefined : reserved * gibibyte,
    });
  }

  private has(flag: string): true | undefined {
    return this.given.has(flag) ? true : undefined;
  }

  private text(flag: string): string | undefined {
    return this.given.get(flag)?.at(-1);
  }

  private number(flag: string, kind: 'int' | 'float'): number | undefined {
    const text = this.text(flag);
    if (text === undefined) return undefined;
    if (!(kind === 'int' ? /^[+-]?\d+$/ : /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i).test(text)) {
      throw new FlagRefused(`argument ${flag}: invalid ${kind} value: '${text}'`);
    }
    return Number(text);
  }

  private choice(flag: string, choices: readonly string[]): string | undefined {
    const text = this.text(flag);
    if (text === undefined || choices.includes(text)) return text;
    throw new FlagRefused(`argument ${flag}: invalid choice: '${text}' (choose from ${choices.join(', ')})`);
  }

  /** A demand for more free RAM than the machine has keeps no results at all. */
  private cache(ramBytes: number): CachePolicy | undefined {
    if (this.given.has('--cache-none')) return { kind: 'none' };
    const lru = this.number('--cache-lru', 'int');
    if (lru !== undefined && lru > 0) return { kind: 'lru', size: lru };
    if (this.given.has('--cache-classic')) return { kind: 'classic' };
    const ram = this.given.get('--cache-ram');
    if (ram === undefined) return undefined;
    const [first, second] = ram.map(Number);
    if ([first, second].some((value) => value !== undefined && Number.isNaN(value)))
      throw new FlagRefused('argument --cache-ram: invalid float value');
    if (first !== undefined && first * gibibyte > ramBytes) return { kind: 'starved' };
    // Above the second threshold even results that no prompt asks for stay.
    return second !== undefined && second * gibibyte < ramBytes / 2
      ? { kind: 'lru', size: Number.MAX_SAFE_INTEGER }
      : { kind: 'pressure' };
  }

  private featureFlags(): ReadonlyMap<string, string | boolean> | undefined {
    const pairs = this.given.get('--feature-flag');
    return pairs === undefined ? undefined : new Map(pairs.flatMap(toFeature));
  }
}

/** A switch whose value is neither true nor false is dropped; what the server does not know stays text. */
const switches = ['show_signin_button', 'enable_telemetry'];

function toFeature(pair: string): [string, string | boolean][] {
  const at = pair.indexOf('=');
  const key = (at < 0 ? pair : pair.slice(0, at)).trim();
  const value = at < 0 ? 'true' : pair.slice(at + 1).trim();
  if (key === '') return [];
  if (!switches.includes(key)) return [[key, value]];
  return /^(?:true|false)$/i.test(value) ? [[key, value.toLowerCase() === 'true']] : [];
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends object>(all: T): Defined<T> {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Defined<T>;
}
