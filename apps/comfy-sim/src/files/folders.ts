import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';

export type FolderKind = 'output' | 'input' | 'temp';
const folderKinds: readonly FolderKind[] = ['output', 'input', 'temp'];

export const isFolderKind = (kind: string): kind is FolderKind => (folderKinds as readonly string[]).includes(kind);

/** The three directories below the server's home. */
export class Folders {
  private readonly paths: Record<FolderKind, string>;
  /** Asked at every save: true when another process saves under the same number at this moment. */
  isRaced: () => boolean = () => false;

  constructor(
    readonly home: string,
    overrides: { readonly [kind in FolderKind]?: string | undefined } = {},
  ) {
    this.paths = {
      output: path.resolve(overrides.output ?? path.join(home, 'output')),
      input: path.resolve(overrides.input ?? path.join(home, 'input')),
      temp: path.resolve(overrides.temp ?? path.join(home, 'temp')),
    };
  }

  /** At every start the server wipes temp and keeps the rest. */
  prepare(): void {
    this.wipeTemp();
    mkdirSync(this.paths.output, { recursive: true });
    mkdirSync(this.paths.input, { recursive: true });
  }

  /** Empties temp: at a start, also that of another process on the same folders. */
  wipeTemp(): void {
    rmSync(this.paths.temp, { recursive: true, force: true });
  }

  path(kind: FolderKind): string {
    return this.paths[kind];
  }

  /** Undefined when the joined path leaves the folder. */
  inside(kind: FolderKind, ...parts: string[]): string | undefined {
    const root = this.paths[kind];
    const full = path.resolve(root, ...parts);
    return full === root || full.startsWith(root + path.sep) ? full : undefined;
  }

  /** "name.png [temp]": the kind may be annotated, input is the default. */
  annotated(name: string, fallback: FolderKind = 'input'): { kind: FolderKind; name: string } {
    const match = /^(.*?) ?\[(output|input|temp)\]$/.exec(name);
    return match === null ? { kind: fallback, name } : { kind: match[2] as FolderKind, name: match[1] ?? '' };
  }

  annotatedPath(name: string): string {
    const found = this.annotated(name);
    return path.join(this.paths[found.kind], found.name);
  }

  existsAnnotated(name: string): boolean {
    return existsSync(this.annotatedPath(name));
  }

  /** Top-level names only. */
  names(kind: FolderKind): string[] {
    return existsSync(this.paths[kind])
      ? readdirSync(this.paths[kind]).filter((name) => statSync(path.join(this.paths[kind], name)).isFile())
      : [];
  }
}
