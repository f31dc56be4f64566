import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { sharp } from '@tower/imaging';
import { isFolderKind, type Folders } from '../files/folders';
import type { Generation } from '../generation';
import type { AssetStore } from '../assets/asset-store';
import { openPictureFile } from '../pictures/picture-file';
import { contentTypes } from './content-types';
import type { Exchange } from './exchange';
import { bytes, empty, type Reply } from './reply';
import type { Route } from './router';

export function viewRoutes(folders: Folders, generation: Generation, assets: AssetStore | undefined): Route[] {
  return [{ method: 'GET', path: '/view', run: (exchange) => view(folders, generation, assets, exchange) }];
}

/** Pages and scripts are never shown, only downloaded; they fall under the default type too. */
const defaultType = 'application/octet-stream';
/** 0.33 forces these into an attachment. */
const attachments = new Set(['.html', '.htm', '.svg', '.js', '.css', '.xhtml']);

async function view(
  folders: Folders,
  generation: Generation,
  assets: AssetStore | undefined,
  exchange: Exchange,
): Promise<Reply> {
  const posted = exchange.query.get('filename');
  if (posted === null) return empty(404);
  if (assets !== undefined && posted.startsWith('blake3:')) {
    const asset = assets.findByHash(posted);
    const found = asset === undefined ? undefined : assets.fileOf(asset);
    return found === undefined ? empty(404) : answer(found, generation, exchange);
  }
  const annotated = /^(.*?) ?\[(output|input|temp)\]$/.exec(posted);
  const name = annotated?.[1] ?? posted;
  if (name === '' || name.startsWith('/') || name.includes('..')) return empty(400);
  const kind = annotated?.[2] ?? exchange.query.get('type') ?? 'output';
  if (!isFolderKind(kind)) return empty(400);
  const subfolder = exchange.query.get('subfolder') ?? '';
  if (folders.inside(kind, subfolder) === undefined) return empty(403);
  const file = path.join(folders.path(kind), subfolder, path.posix.basename(name));
  if (!existsSync(file) || !statSync(file).isFile()) return empty(404);
  return answer(file, generation, exchange);
}

async function answer(file: string, generation: Generation, exchange: Exchange): Promise<Reply> {
  const preview = exchange.query.get('preview');
  const channel = exchange.query.get('channel') ?? 'rgba';
  const disposition = `filename="${path.basename(file)}"`;
  if (preview !== null)
    return previewReply(file, preview, exchange.query.get('channel') ?? '', { 'Content-Disposition': disposition });
  if (channel === 'rgb') {
    const png = await openPictureFile(file).removeAlpha().toColourspace('srgb').png().toBuffer();
    return bytes(png, { 'Content-Disposition': disposition, 'Content-Type': 'image/png' });
  }
  if (channel === 'a') {
    const channel = openPictureFile(file).ensureAlpha().extractChannel('alpha');
    const alpha = await channel.raw().toBuffer({ resolveWithObject: true });
    const { width, height } = alpha.info;
    const png = await sharp({ create: { width, height, channels: 3, background: '#000' } })
      .joinChannel(alpha.data, { raw: { width, height, channels: 1 } })
      .png()
      .toBuffer();
    return bytes(png, { 'Content-Disposition': disposition, 'Content-Type': 'image/png' });
  }
  return fileReply(file, generation, exchange);
}

async function previewReply(
  file: string,
  preview: string,
  channel: string,
  headers: Record<string, string>,
): Promise<Reply> {
  const [format = '', ...rest] = preview.split(';');
  const last = rest.at(-1) ?? format;
  const quality = /^\d+$/.test(last) ? Number(last) : 90;
  // JPEG has no alpha; any other format becomes webp.
  const jpeg = format === 'jpeg' && !channel.includes('a');
  const image = jpeg || channel === 'rgb' ? openPictureFile(file).flatten() : openPictureFile(file);
  const clamped = Math.min(100, Math.max(1, quality));
  const body = jpeg
    ? await image.jpeg({ quality: clamped }).toBuffer()
    : await image.webp({ quality: clamped }).toBuffer();
  return bytes(body, { ...headers, 'Content-Type': `image/${jpeg ? 'jpeg' : 'webp'}` });
}

function fileReply(file: string, generation: Generation, exchange: Exchange): Reply {
  const { mtime, mtimeMs, size } = statSync(file);
  const extension = path.extname(file).toLowerCase();
  const active = generation.viewNosniff && attachments.has(extension);
  // A drawing inside a page is harmless, the same file as a page is not.
  const attached = active && !(extension === '.svg' && exchange.header('sec-fetch-dest') === 'image');
  const safety: Record<string, string> = {
    ...(generation.viewNosniff ? { 'X-Content-Type-Options': 'nosniff' } : {}),
    ...(active ? { Vary: 'Sec-Fetch-Dest', 'Cache-Control': 'no-store' } : {}),
  };
  const etag = `"${Math.round(mtimeMs * 1e6).toString(16)}-${size.toString(16)}"`;
  const headers = {
    'Content-Disposition': `${attached ? 'attachment; ' : ''}filename="${quoted(path.basename(file), generation)}"`,
    'Content-Type': (attached ? undefined : contentTypes[extension]) ?? defaultType,
    ETag: etag,
    'Last-Modified': mtime.toUTCString(),
    'Accept-Ranges': 'bytes',
    ...safety,
  };
  if (isUnmodified(exchange, etag, mtime)) {
    const { 'Accept-Ranges': _ranges, ...kept } = headers;
    return { status: 304, headers: kept, body: Buffer.alloc(0) };
  }
  const range = exchange.header('range');
  const whole = readFileSync(file);
  if (range === undefined) return bytes(whole, headers);
  const asked = parseRange(range, size);
  if (asked === undefined) {
    const { ETag: _tag, 'Last-Modified': _date, 'Accept-Ranges': _ranges, ...kept } = headers;
    return {
      status: 416,
      headers: { ...kept, 'Content-Range': `bytes */${size}` },
      body: Buffer.alloc(0),
      chunked: true,
    };
  }
  return bytes(
    whole.subarray(asked.from, asked.to + 1),
    { ...headers, 'Content-Range': `bytes ${asked.from}-${asked.to}/${size}` },
    206,
  );
}

/** 0.3.64 puts the name between the quotes as it is. */
function quoted(name: string, generation: Generation): string {
  return generation.viewNosniff ? name.replace(/["\\]/g, '\\$&') : name;
}

function isUnmodified(exchange: Exchange, etag: string, mtime: Date): boolean {
  const tags = exchange.header('if-none-match');
  if (tags !== undefined)
    return tags.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag || tag.trim() === '*');
  const since = exchange.header('if-modified-since');
  return since !== undefined && Math.floor(mtime.getTime() / 1000) * 1000 <= Date.parse(since);
}

/** One range only; what lies beyond the end is not satisfiable, an end beyond it is cut. */
function parseRange(header: string, size: number): { from: number; to: number } | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header.trim());
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  if (first === '') return Number(last) === 0 ? undefined : { from: Math.max(0, size - Number(last)), to: size - 1 };
  const from = Number(first);
  const to = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  return from >= size || from > to ? undefined : { from, to };
}
