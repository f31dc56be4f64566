import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { sharp } from '@tower/imaging';
import type { AssetStore } from '../assets/asset-store';
import type { Faults } from '../faults/faults';
import { isFolderKind, type FolderKind, type Folders } from '../files/folders';
import { openPictureFile } from '../pictures/picture-file';
import { PyError } from '../python/errors';
import { parseJson } from '../python/json';
import { dict, isDict } from '../python/values';
import { toUploadView } from './assets-routes';
import { parseMultipart, type Part } from './multipart';
import { empty, json, type Reply } from './reply';
import type { Route } from './router';

type Save = (file: string, part: Part, form: Form) => Promise<void>;

export function uploadRoutes(folders: Folders, faults: Faults, assets: AssetStore | undefined): Route[] {
  const upload =
    (save: Save): Route['run'] =>
    async (exchange) => {
      const parts = parseMultipart(exchange.header('content-type'), await exchange.bytes());
      return receive(folders, assets, new Form(parts ?? []), save);
    };
  return [
    { method: 'POST', path: '/upload/image', run: upload(async (file, part) => writeUpload(faults, file, part.bytes)) },
    { method: 'POST', path: '/upload/mask', run: upload((file, part, form) => saveMask(folders, file, part, form)) },
  ];
}

class Form {
  constructor(private readonly parts: readonly Part[]) {}

  part(name: string): Part | undefined {
    return this.parts.find((part) => part.name === name);
  }

  text(name: string): string | undefined {
    return this.part(name)?.bytes.toString('utf8');
  }
}

async function receive(folders: Folders, assets: AssetStore | undefined, form: Form, save: Save): Promise<Reply> {
  const image = form.part('image');
  const kind = form.text('type') ?? 'input';
  if (!isFolderKind(kind)) throw new Error(`unknown upload type ${kind}`);
  if (image === undefined) return empty(400);
  if (image.fileName === undefined || image.fileName === '') throw new Error('the image field is no file');
  const subfolder = form.text('subfolder') ?? '';
  const posted = image.fileName.replace(/^\/+/, '');
  if (folders.inside(kind, path.posix.normalize(subfolder || '.'), posted) === undefined) return empty(400);
  const folder = path.join(folders.path(kind), path.posix.normalize(subfolder || '.'));
  mkdirSync(folder, { recursive: true });
  const overwrite = ['true', '1'].includes(form.text('overwrite') ?? '');
  const name = overwrite ? posted : freeName(folder, posted, image.bytes);
  if (overwrite || !existsSync(path.join(folder, name))) await save(path.join(folder, name), image, form);
  const asset =
    assets === undefined
      ? {}
      : {
          asset: toUploadView(
            assets.addFile(kind, path.posix.normalize(subfolder || '.') === '.' ? '' : subfolder, name, true),
          ),
        };
  return json(dict({ name, subfolder, type: kind, ...asset }));
}

/** The real server writes in place: of what does not fit the beginning stays. */
function writeUpload(faults: Faults, file: string, bytes: Buffer): void {
  const full = faults.strike('disk-full') !== undefined;
  write(file, full ? bytes.subarray(0, Math.floor(bytes.length / 2)) : bytes);
  if (full) throw new PyError('OSError', '[Errno 28] No space left on device');
}

/** The kernel stamps files in steps of milliseconds; uploads are listed by their order. */
function write(file: string, bytes: Buffer): void {
  writeFileSync(file, bytes);
  const seconds = (performance.timeOrigin + performance.now()) / 1000;
  utimesSync(file, seconds, seconds);
}

/** The first of "a.png", "a (1).png", … that is free or holds the same bytes already. */
function freeName(folder: string, posted: string, bytes: Buffer): string {
  const extension = path.extname(posted);
  const stem = posted.slice(0, posted.length - extension.length);
  const wanted = sha256(bytes);
  for (let count = 0; ; count += 1) {
    const name = count === 0 ? posted : `${stem} (${count})${extension}`;
    const file = path.join(folder, name);
    if (!existsSync(file) || sha256(readFileSync(file)) === wanted) return name;
  }
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/**
 * The uploaded alpha goes into a copy of the original. A missing original is no error: the answer is 200 and no file is
 * there.
 */
async function saveMask(folders: Folders, file: string, part: Part, form: Form): Promise<void> {
  const reference = parseJson(form.text('original_ref') ?? '');
  if (!isDict(reference)) throw new Error('original_ref is no object');
  const filename = String(reference.get('filename') ?? '');
  const kind = String(reference.get('type') ?? 'output');
  if (filename === '' || filename.startsWith('/') || filename.includes('..') || !isFolderKind(kind)) return;
  const original = folders.inside(
    kind as FolderKind,
    String(reference.get('subfolder') ?? ''),
    path.basename(filename),
  );
  if (original === undefined || !existsSync(original)) return;
  const alpha = await openPictureFile(part.bytes).ensureAlpha().extractChannel('alpha').toBuffer();
  const colours = await openPictureFile(original).removeAlpha().toColourspace('srgb').png().toBuffer();
  write(file, await sharp(colours).joinChannel(alpha).png().toBuffer());
}
