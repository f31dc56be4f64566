import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { FolderKind, Folders } from '../files/folders';
import { blake3 } from './blake3';

/** A file the server has met, or a model it lists. */
export interface Asset {
  readonly id: string;
  readonly name: string;
  /** Where the file is; undefined for a model, of which a simulator has no file. */
  readonly place: { readonly kind: FolderKind; readonly subfolder: string } | undefined;
  /** `blake3:` and 64 digits; only of what was uploaded. */
  readonly hash: string | undefined;
  readonly size: number | undefined;
  readonly tags: readonly string[];
  readonly displayName: string;
  readonly jobId: string | undefined;
  /** ms since 1970. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

interface AssetQuery {
  readonly includeTags: readonly string[];
  readonly nameContains: string;
  readonly limit: number;
  readonly offset: number;
  readonly descending: boolean;
}

/** What the server knows of files, kept beside its database: it outlives a restart. */
export class AssetStore {
  private readonly assets = new Map<string, Asset>();
  private unscanned = false;

  constructor(
    private readonly folders: Folders,
    private readonly file: string,
    models: Readonly<Record<string, readonly string[]>>,
  ) {
    lock(`${file}.lock`);
    const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Asset[]) : [];
    for (const asset of known) this.assets.set(keyOf(asset), asset);
    for (const [folder, names] of Object.entries(models)) for (const name of names) this.addModel(folder, name);
    this.save();
  }

  /** Models are what the scan at the start finds. */
  get scanned(): number {
    return [...this.assets.values()].filter(({ place }) => place === undefined).length;
  }

  /** The same file keeps its id. */
  addFile(kind: FolderKind, subfolder: string, name: string, hashed: boolean): Asset {
    const bytes = readFileSync(this.pathOf(kind, subfolder, name));
    const now = Date.now();
    const before = this.assets.get(`${kind}/${subfolder}/${name}`);
    const asset: Asset = {
      id: before?.id ?? randomUUID(),
      name,
      place: { kind, subfolder },
      hash: hashed ? `blake3:${blake3(bytes)}` : undefined,
      size: bytes.length,
      tags: [kind, 'uploaded'],
      displayName: name,
      jobId: before?.jobId,
      createdAt: before?.createdAt ?? now,
      updatedAt: now,
    };
    this.keep(asset);
    return asset;
  }

  /** A job that answered with the file, even from the cache, has it from now on. */
  assign(kind: FolderKind, subfolder: string, name: string, jobId: string): void {
    const asset = this.assets.get(`${kind}/${subfolder}/${name}`);
    if (asset === undefined) return;
    this.keep({ ...asset, jobId, updatedAt: Date.now() });
    this.unscanned = true;
  }

  /** Whether a scan of new outputs is due; asking starts it. */
  takeScan(): boolean {
    const due = this.unscanned;
    this.unscanned = false;
    return due;
  }

  find(id: string): Asset | undefined {
    return [...this.assets.values()].find((asset) => asset.id === id.toLowerCase());
  }

  findByHash(hash: string): Asset | undefined {
    return [...this.assets.values()].find((asset) => asset.hash === hash.toLowerCase());
  }

  fileOf(asset: Asset): string | undefined {
    const file =
      asset.place === undefined ? undefined : this.pathOf(asset.place.kind, asset.place.subfolder, asset.name);
    return file !== undefined && existsSync(file) && statSync(file).isFile() ? file : undefined;
  }

  list(query: AssetQuery): { page: Asset[]; total: number } {
    const found = [...this.assets.values()]
      .filter(({ tags }) => query.includeTags.every((tag) => tags.includes(tag)))
      .filter(({ name }) => name.toLowerCase().includes(query.nameContains.toLowerCase()))
      .sort((a, b) => (query.descending ? b.createdAt - a.createdAt : a.createdAt - b.createdAt));
    return { page: found.slice(query.offset, query.offset + query.limit), total: found.length };
  }

  tagCounts(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { tags } of this.assets.values()) for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
    return counts;
  }

  close(): void {
    rmSync(`${this.file}.lock`, { force: true });
  }

  private addModel(folder: string, name: string): void {
    const asset: Asset = {
      id: randomUUID(),
      name,
      place: undefined,
      hash: undefined,
      size: undefined,
      tags: [`model_type:${folder}`, 'models'],
      displayName: `${folder}/${name}`,
      jobId: undefined,
      createdAt: Date.now(),
      updatedAt: Date.now(),
    };
    if (!this.assets.has(keyOf(asset))) this.assets.set(keyOf(asset), asset);
  }

  private keep(asset: Asset): void {
    this.assets.set(keyOf(asset), asset);
    this.save();
  }

  private save(): void {
    writeFileSync(this.file, JSON.stringify([...this.assets.values()]));
  }

  private pathOf(kind: FolderKind, subfolder: string, name: string): string {
    return path.join(this.folders.path(kind), subfolder, name);
  }
}

const keyOf = ({ place, name, displayName }: Asset): string =>
  place === undefined ? `models/${displayName}` : `${place.kind}/${place.subfolder}/${name}`;

/** Two servers with assets cannot share a database. A lock whose process is gone holds nobody up. */
function lock(file: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  const holder = existsSync(file) ? Number(readFileSync(file, 'utf8')) : process.pid;
  if (holder !== process.pid && isAlive(holder)) throw new Error('ASSETS_STARTUP_FAILED: in_use');
  writeFileSync(file, String(process.pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is there and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
