import type { Card } from '../card/card';
import type { ShownDevice } from '../card/card-profile';
import type { Generation } from '../generation';
import { modelFolders, packFolders } from '../object-info/model-folders';
import type { ModelInventory, NodeRegistry } from '../object-info/node-registry';
import { dict, type PyDict } from '../python/values';
import { bytes, empty, json, text } from './reply';
import type { Route } from './router';
import { toSystemView } from './system-view';

interface InfoDesk {
  readonly registry: NodeRegistry;
  readonly card: Card;
  /** What is told of the card; another one's on request. */
  readonly shown: ShownDevice;
  readonly models: ModelInventory;
  /** Headers of files, by `folder/file`. */
  readonly metadata: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly generation: Generation;
  readonly argv: readonly string[];
  readonly features: PyDict;
  /** RAM that finished prompts have not given back. */
  readonly leakedBytes: () => number;
}

const extensions = [
  'groupNode',
  'maskEditorOld',
  'clipspace',
  'maskEditorLayerFilenames',
  'widgetInputs',
  'groupNodeManage',
  'load3d/NodeStorage',
  'load3d/ViewHelperManager',
  'load3d/ControlsManager',
  'load3d/RecordingManager',
  'load3d/ModelExporter',
  'load3d/AnimationManager',
  'load3d/LoaderManager',
  'load3d/LightingManager',
  'load3d/CameraManager',
  'load3d/SceneModelManager',
  'load3d/SceneManager',
  'load3d/PreviewManager',
  'load3d/EventManager',
].map((script) => `/extensions/core/${script}.js`);
const page =
  '<!doctype html><html lang="en"><head><meta ' +
  'charset="UTF-8"><title>ComfyUI</title></head><body><p>comfy-sim: a simulated ComfyUI ' +
  'server. It has no user interface.</p></body></html>';

export const infoRoutes = (desk: InfoDesk): Route[] => [...serverRoutes(desk), ...modelRoutes(desk), ...pageRoutes];

/** What the server is and can do. */
const serverRoutes = (desk: InfoDesk): Route[] => [
  { method: 'GET', path: '/object_info', run: () => json(desk.registry.describeAll()) },
  {
    method: 'GET',
    path: '/object_info/{name}',
    run: (exchange) => {
      const info = desk.registry.describe(exchange.param('name'));
      return json(info === undefined ? dict({}) : new Map([[exchange.param('name'), info]]));
    },
  },
  {
    method: 'GET',
    path: '/system_stats',
    run: () => json(toSystemView(desk.card, desk.shown, desk.generation, desk.argv, desk.leakedBytes())),
  },
  { method: 'GET', path: '/features', run: () => json(desk.features) },
];

/** What model files it has. */
function modelRoutes(desk: InfoDesk): Route[] {
  const folders = [...modelFolders[desk.generation.id], ...(desk.registry.has('UnetLoaderGGUF') ? packFolders : [])];
  return [
    { method: 'GET', path: '/models', run: () => json([...folders]) },
    {
      method: 'GET',
      path: '/models/{folder}',
      run: (exchange) => {
        const folder = exchange.param('folder');
        return folders.includes(folder) ? json([...(desk.models[folder] ?? [])]) : empty(404);
      },
    },
    {
      method: 'GET',
      path: '/embeddings',
      run: () => json((desk.models['embeddings'] ?? []).map((file) => file.replace(/\.[^.]*$/, ''))),
    },
    // The real answer to a file without metadata is the same as to a missing one.
    {
      method: 'GET',
      path: '/view_metadata/{folder}',
      run: (exchange) => {
        const folder = exchange.param('folder');
        const file = exchange.query.get('filename') ?? '';
        const found =
          desk.models[folder]?.includes(file) === true
            ? desk.metadata[`${folder}/${file.replaceAll('\\', '/')}`]
            : undefined;
        return found === undefined ? empty(404) : json(dict(found));
      },
    },
  ];
}

/** What its user interface asks for. */
const pageRoutes: readonly Route[] = [
  { method: 'GET', path: '/extensions', run: () => json(extensions) },
  {
    method: 'GET',
    path: '/ws',
    run: () => text(400, 'No WebSocket UPGRADE hdr: None\n Can "Upgrade" only to "WebSocket".'),
  },
  { method: 'GET', path: '/users', run: () => json(dict({ storage: 'server', migrated: false })) },
  { method: 'GET', path: '/settings', run: () => json(dict({})) },
  { method: 'GET', path: '/userdata', run: () => text(404, 'Directory not found') },
  {
    method: 'GET',
    path: '/',
    where: 'bare',
    run: () =>
      bytes(Buffer.from(page), {
        'Cache-Control': 'no-cache',
        Pragma: 'no-cache',
        Expires: '0',
        'Content-Type': 'text/html',
        ETag: '"comfy-sim"',
        'Last-Modified': new Date(0).toUTCString(),
        'Accept-Ranges': 'bytes',
      }),
  },
];
