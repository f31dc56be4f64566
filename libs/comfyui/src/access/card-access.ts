import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CardAuth, GpuConfig } from '@tower/contracts';
import { basicAuthorization, userInfoOf, AppError, type UserInfo } from '@tower/kit';

/** A login as it is configured, or as it stood in the address. */
type AddressLogin = { readonly way: 'address' } & UserInfo;
type Login = AddressLogin | { readonly way: keyof CardAuth; readonly auth: CardAuth };

export interface AccessSurroundings {
  /** Against which relative paths are looked up. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Characters; more than any token. */
const maxSecretLength = 8_192;

/**
 * What a request to a card needs beside its address. Nothing that prints, stores or sends it shows a secret: the header
 * is private, and as JSON it is nothing.
 */
export class CardAccess {
  readonly #login: Login | null;
  readonly #around: AccessSurroundings;
  #header: readonly [name: string, value: string] | null;
  /** PEM of the only authority that is trusted; undefined: the public ones. */
  readonly ca: string | undefined;

  private constructor(login: Login | null, ca: string | undefined, around: AccessSurroundings) {
    this.#login = login;
    this.#around = around;
    this.ca = ca;
    this.#header = login === null ? null : headerOf(login, around);
  }

  /**
   * Of a card with its address as it was written; undefined when the address is all that is needed.
   * @throws Error a sentence without any secret: nothing to read at the place that is named, or not usable
   */
  static of(config: GpuConfig, around: AccessSurroundings): CardAccess | undefined {
    const { auth, ca_file: caFile } = config;
    const user = userInfoOf(config.url);
    const address: AddressLogin | null = user === undefined ? null : { way: 'address', ...user };
    if (address !== null && auth !== undefined) throw new Error('has a user in its address and auth as well: keep one');
    if (caFile !== undefined && !/^https:/i.test(config.url))
      throw new Error('has a ca_file, which only an https address uses');
    const login: Login | null = auth === undefined ? address : { way: wayOf(auth), auth };
    const ca = caFile === undefined ? undefined : readAuthority(resolve(around.folder, caFile));
    return login === null && ca === undefined ? undefined : new CardAccess(login, ca, around);
  }

  /** The setting that a person corrects when the card refuses the login; null when there is none. */
  get setting(): string | null {
    if (this.#login === null) return null;
    if (this.#login.way === 'address') return 'the user and password in its url';
    const { env, file } = placeOf(this.#login);
    return `auth.${this.#login.way} (${env === undefined ? `the file ${file ?? ''}` : `the variable ${env}`})`;
  }

  /** To be sent to the card, and to nobody else. */
  headers(): Record<string, string> {
    return this.#header === null ? {} : Object.fromEntries([this.#header]);
  }

  /**
   * Reads a secret from its file again, for a card that refuses the one that was read before. True when it is another
   * one now. Never throws: what cannot be read stays as it was.
   */
  renew(): boolean {
    if (this.#login === null || this.#login.way === 'address' || placeOf(this.#login).file === undefined) return false;
    const before = this.#header?.[1];
    try {
      this.#header = headerOf(this.#login, this.#around);
    } catch {
      return false;
    }
    return this.#header[1] !== before;
  }

  /** For whoever takes known secrets out of texts. */
  secrets(): string[] {
    if (this.#login === null || this.#header === null) return [];
    const bare = this.#header[1].replace(/^(Bearer|Basic) /, '');
    if (this.#login.way === 'address')
      return [bare, this.#login.password === '' ? this.#login.user : this.#login.password];
    return this.#login.way === 'basic'
      ? [
          bare,
          Buffer.from(bare, 'base64')
            .toString('utf8')
            .replace(/^[^:]*:/, ''),
        ]
      : [bare];
  }

  toJSON(): undefined {
    return undefined;
  }
}

/** Variables that hold secrets of cards: for whoever starts processes that need none of them. */
export const secretVariablesOf = (gpus: readonly GpuConfig[]): string[] =>
  gpus.flatMap(({ auth }) => (auth === undefined ? [] : (placeOf({ way: wayOf(auth), auth }).env ?? [])));

/** Files that whoever speaks with the cards has to be able to read. */
export const filesOf = (gpus: readonly GpuConfig[], folder: string): string[] =>
  gpus
    .flatMap(({ auth, ca_file: caFile }) => [
      auth === undefined ? undefined : placeOf({ way: wayOf(auth), auth }).file,
      caFile,
    ])
    .flatMap((file) => (file === undefined ? [] : resolve(folder, file)));

function wayOf(auth: CardAuth): keyof CardAuth {
  return auth.header !== undefined ? 'header' : auth.bearer !== undefined ? 'bearer' : 'basic';
}

type ConfiguredLogin = Extract<Login, { auth: CardAuth }>;

const placeOf = ({ way, auth }: ConfiguredLogin): { env?: string | undefined; file?: string | undefined } =>
  auth[way] ?? {};

function headerOf(login: Login, around: AccessSurroundings): [name: string, value: string] {
  if (login.way === 'address') return ['authorization', basicAuthorization(login)];
  const secret = readSecret(login, around);
  if (login.way === 'basic')
    return ['authorization', basicAuthorization({ user: login.auth.basic?.user ?? '', password: secret })];
  return login.way === 'bearer' ? ['authorization', `Bearer ${secret}`] : [login.auth.header?.name ?? '', secret];
}

function readSecret(login: ConfiguredLogin, { folder, env }: AccessSurroundings): string {
  const place = placeOf(login);
  const what = `auth.${login.way}`;
  if (place.env !== undefined) {
    const value = env[place.env];
    if (value === undefined || value === '')
      throw new Error(`has ${what} with env: ${place.env}, and that variable is not set here`);
    return usable(value, `the variable ${place.env}`, login.way);
  }
  const path = resolve(folder, place.file ?? '');
  // A file that was written with an editor ends with a line feed.
  return usable(readText(path, what).replace(/[\r\n]+$/, ''), path, login.way);
}

/** A password may hold any character, because it is encoded; the others go into a header as they are. */
function usable(secret: string, where: string, way: keyof CardAuth): string {
  if (secret === '') throw new Error(`finds no secret in ${where}: it is empty`);
  if (secret.length > maxSecretLength)
    throw new Error(`finds more than ${maxSecretLength} characters in ${where}: that is no secret`);
  if (way !== 'basic' && !/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(secret)) {
    throw new Error(
      `finds characters in ${where} that no HTTP header may have (line breaks, spaces at an end, letters beyond ASCII)`,
    );
  }
  return secret;
}

function readAuthority(path: string): string {
  const pem = readText(path, 'ca_file');
  try {
    new X509Certificate(pem);
  } catch {
    throw new Error(`has a ca_file (${path}) that is no certificate in PEM form`);
  }
  return pem;
}

function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(
      `names a file in ${what} that cannot be read: ${path} (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`,
      { cause: error },
    );
  }
}

/** The keys that the ways of `auth` know; whatever else stands there may be a secret. */
const knownKeys = new Set(['name', 'user', 'env', 'file']);

/**
 * Refuses a secret that stands in the configuration itself, before anything of it is looked at or shown.
 * @throws AppError `gpus_invalid`
 */
export function refuseInlineSecrets(entries: unknown, source: string): void {
  if (!Array.isArray(entries)) return;
  entries.forEach((entry: unknown, index) => {
    const auth = (entry as { auth?: unknown } | null)?.auth;
    if (typeof auth !== 'object' || auth === null) return;
    for (const [way, value] of Object.entries(auth)) {
      const isInline = typeof value === 'string' || Object.keys(Object(value)).some((key) => !knownKeys.has(key));
      if (isInline && ['header', 'bearer', 'basic'].includes(way)) throw inlineSecret(source, index, way);
    }
  });
}

const inlineSecret = (source: string, index: number, way: string): AppError =>
  new AppError(
    'invalid',
    'gpus_invalid',
    `${source} is not a valid list of cards: /${index}/auth/${way}: a secret does ` +
      `not stand in the configuration; put it into an ` +
      `environment variable or a file, and name that: ${way}: { ` +
      `${{ header: 'name: X-Api-Key, ', basic: 'user: tower, ' }[way] ?? ''}env: COMFYUI_SECRET }`,
  );
