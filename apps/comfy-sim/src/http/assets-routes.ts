import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Asset, AssetStore } from '../assets/asset-store';
import { openPictureFile } from '../pictures/picture-file';
import { dict, type PyDict, type PyValue } from '../python/values';
import { contentTypes } from './content-types';
import { bytes, empty, json, type Reply } from './reply';
import type { Handler, Route } from './router';

const refuse = (code: string, message: string, status: number): Reply =>
  json(dict({ error: dict({ code, message, details: dict({}) }) }), status);
const disabled = (): Reply =>
  refuse(
    'SERVICE_DISABLED',
    'Assets system is disabled. Start the server with --enable-assets to use this feature.',
    503,
  );
const notFound = (id: string): Reply => refuse('ASSET_NOT_FOUND', `AssetReference ${id} not found`, 404);

/** Categories which the server itself knows, whether or not something bears them. */
const knownTags = [
  'checkpoints',
  'classifiers',
  'clip_vision',
  'configs',
  'controlnet',
  'decoder',
  'diffusers',
  'diffusion_models',
  'embeddings',
  'encoder',
  'gligen',
  'hypernetworks',
  'loras',
  'missing',
  'photomaker',
  'rescan',
  'style_models',
  'text_encoders',
  'upscale_models',
  'vae',
  'vae_approx',
];
const defaultLimit = 20;
const defaultTagLimit = 100;

/**
 * 0.33 registers these routes always, and refuses them unless it was started with --enable-assets. Reading is
 * simulated, editing is not.
 */
export function assetsRoutes(store: AssetStore | undefined): Route[] {
  const route = (at: string, run: (assets: AssetStore) => Handler, method: Route['method'] = 'GET'): Route => ({
    method,
    path: at,
    where: 'bare',
    run: store === undefined ? disabled : run(store),
  });
  return [
    route('/api/assets', (assets) => (exchange) => list(assets, exchange.query)),
    route('/api/assets', () => disabled, 'POST'),
    route(
      '/api/assets/seed/status',
      (assets) => () =>
        json(
          dict({
            state: 'IDLE',
            progress: dict({ scanned: assets.scanned, total: assets.scanned, created: assets.scanned, skipped: 0 }),
            errors: [],
          }),
        ),
    ),
    route(
      '/api/assets/hash/{hash}',
      (assets) => (exchange) =>
        /^blake3:[0-9a-f]{64}$/i.test(exchange.param('hash'))
          ? empty(assets.findByHash(exchange.param('hash')) === undefined ? 404 : 200)
          : refuse('INVALID_HASH', "hash must be like 'blake3:<hex>'", 400),
    ),
    route('/api/assets/{id}', (assets) => async (exchange) => {
      const asset = assets.find(exchange.param('id'));
      return asset === undefined ? notFound(exchange.param('id')) : json(await toView(asset, assets));
    }),
    route('/api/assets/{id}/content', (assets) => (exchange) => content(assets, exchange.param('id'))),
    route('/api/tags', (assets) => (exchange) => tags(assets, exchange.query)),
  ];
}

function numberOf(query: URLSearchParams, name: string, standard: number): number {
  const value = Number(query.get(name) ?? standard);
  return Number.isInteger(value) && value >= 0 ? value : standard;
}

async function list(store: AssetStore, query: URLSearchParams): Promise<Reply> {
  const offset = numberOf(query, 'offset', 0);
  const includeTags = query
    .getAll('include_tags')
    .flatMap((tag) => tag.split(','))
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
  const { page, total } = store.list({
    includeTags,
    offset,
    nameContains: query.get('name_contains') ?? '',
    limit: numberOf(query, 'limit', defaultLimit),
    descending: query.get('order') !== 'asc',
  });
  const assets = await Promise.all(page.map((asset) => toView(asset, store)));
  return json(dict({ assets, total, has_more: offset + page.length < total }));
}

function tags(store: AssetStore, query: URLSearchParams): Reply {
  const counts = store.tagCounts();
  if (query.get('include_zero') !== 'false') for (const tag of knownTags) if (!counts.has(tag)) counts.set(tag, 0);
  const prefix = query.get('prefix') ?? '';
  const all = [...counts]
    .filter(([name]) => name.startsWith(prefix))
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  const offset = numberOf(query, 'offset', 0);
  const page = all.slice(offset, offset + numberOf(query, 'limit', defaultTagLimit));
  return json(
    dict({
      tags: page.map(([name, count]) => dict({ name, count })),
      total: all.length,
      has_more: offset + page.length < all.length,
    }),
  );
}

function content(store: AssetStore, id: string): Reply {
  const asset = store.find(id);
  if (asset === undefined) return notFound(id);
  const file = store.fileOf(asset);
  if (file === undefined) return refuse('FILE_NOT_FOUND', 'Underlying file not found on disk.', 404);
  return bytes(readFileSync(file), {
    'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(asset.name)}`,
    'X-Content-Type-Options': 'nosniff',
    'Content-Type': mimeOf(asset.name),
  });
}

const mimeOf = (name: string): string =>
  contentTypes[path.extname(name).toLowerCase()] ??
  (/\.safetensors$/.test(name)
    ? 'application/safetensors'
    : /\.(?:pth|pt|ckpt)$/.test(name)
      ? 'application/pytorch'
      : 'application/octet-stream');
/** Python's isoformat() of a time without a zone. */
const iso = (ms: number): string => `${new Date(ms).toISOString().slice(0, -1)}000`;

async function toView(asset: Asset, store: AssetStore): Promise<PyDict> {
  const mime = mimeOf(asset.name);
  const file = store.fileOf(asset);
  const { place, hash } = asset;
  const folder =
    place?.subfolder === undefined || place.subfolder === '' ? '' : `&subfolder=${encodeURIComponent(place.subfolder)}`;
  const isImage = mime.startsWith('image/');
  const size = file !== undefined && isImage ? await sizeOf(file) : undefined;
  const fields: Record<string, PyValue | undefined> = {
    id: asset.id,
    name: asset.name,
    hash,
    loader_path: asset.name,
    display_name: asset.displayName,
    asset_hash: hash,
    size: asset.size,
    mime_type: mime,
    tags: [...asset.tags],
    preview_url:
      place !== undefined && isImage
        ? `/api/view?type=${place.kind}&filename=${encodeURIComponent(asset.name)}${folder}`
        : undefined,
    user_metadata: dict({ filename: asset.name }),
    is_immutable: false,
    metadata:
      size === undefined
        ? dict({ filename: asset.name, content_type: mime })
        : dict({ kind: 'image', width: size.width, height: size.height }),
    job_id: asset.jobId,
    prompt_id: asset.jobId,
    created_at: iso(asset.createdAt),
    updated_at: iso(asset.updatedAt),
    last_access_time: iso(asset.createdAt),
  };
  return new Map(Object.entries(fields).filter((entry): entry is [string, PyValue] => entry[1] !== undefined));
}

async function sizeOf(file: string): Promise<{ width: number; height: number } | undefined> {
  try {
    return await openPictureFile(file).metadata();
  } catch {
    // Its name says that it is a picture, its content does not.
    return undefined;
  }
}

/** What an upload is answered besides its name. */
export function toUploadView(asset: Asset): PyDict {
  return dict({
    id: asset.id,
    name: asset.name,
    asset_hash: asset.hash ?? null,
    size: asset.size ?? null,
    mime_type: mimeOf(asset.name),
    tags: [...asset.tags],
  });
}
