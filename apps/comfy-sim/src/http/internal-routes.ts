import { statSync } from 'node:fs';
import path from 'node:path';
import { isFolderKind, type Folders } from '../files/folders';
import type { Generation } from '../generation';
import type { LogRing } from '../log-ring';
import { modelFolders } from '../object-info/model-folders';
import { keyError } from '../python/errors';
import { dict, isDict, isTruthy } from '../python/values';
import type { Publisher } from '../socket/publisher';
import { empty, json } from './reply';
import type { Route } from './router';
import { toFolderPathsView } from './system-view';

interface InternalDesk {
  readonly logs: LogRing;
  readonly folders: Folders;
  readonly publisher: Publisher;
  readonly generation: Generation;
}

const terminalSize = dict({ cols: 80, rows: 24 });

/** Not for clients by ComfyUI's own word, yet the only remote view of the server's log. Never under /api. */
export function internalRoutes(desk: InternalDesk): Route[] {
  const subscribers = new LogSubscribers(desk);
  return [
    { method: 'GET', path: '/internal/logs', where: 'bare', run: () => json(desk.logs.text()) },
    {
      method: 'GET',
      path: '/internal/logs/raw',
      where: 'bare',
      run: () => json(dict({ entries: desk.logs.entries(), size: terminalSize })),
    },
    {
      method: 'PATCH',
      path: '/internal/logs/subscribe',
      where: 'bare',
      run: async (exchange) => {
        const body = await exchange.json();
        const [id, enabled] = isDict(body) ? [body.get('clientId'), body.get('enabled')] : [];
        if (typeof id !== 'string' || enabled === undefined) throw keyError('clientId');
        subscribers.set(id, isTruthy(enabled));
        return empty();
      },
    },
    {
      method: 'GET',
      path: '/internal/folder_paths',
      where: 'bare',
      run: () =>
        json(toFolderPathsView(modelFolders[desk.generation.id], desk.folders.home, desk.folders.path('output'))),
    },
    {
      method: 'GET',
      path: '/internal/files/{kind}',
      where: 'bare',
      run: (exchange) => {
        const kind = exchange.param('kind');
        return isFolderKind(kind)
          ? json(
              newestFirst(desk.folders, kind).map((name) =>
                desk.generation.annotatesFiles ? `${name} [${kind}]` : name,
              ),
            )
          : json(dict({ error: 'Invalid directory type' }), 400);
      },
    },
  ];
}

function newestFirst(folders: Folders, kind: 'output' | 'input' | 'temp'): string[] {
  const modified = (name: string): number => statSync(path.join(folders.path(kind), name)).mtimeMs;
  return folders
    .names(kind)
    .map((name) => ({ name, at: modified(name) }))
    .sort((a, b) => b.at - a.at)
    .map(({ name }) => name);
}

class LogSubscribers {
  private readonly ids = new Set<string>();
  private sizeSent = false;

  constructor(desk: InternalDesk) {
    desk.logs.onLine((entries) => {
      if (this.ids.size === 0) return;
      // The size of the terminal is only told when it changed since the last message.
      const size = this.sizeSent ? null : terminalSize;
      this.sizeSent = true;
      for (const id of this.ids) desk.publisher.publish('logs', dict({ entries, size }), id);
    });
  }

  set(id: string, enabled: boolean): void {
    if (enabled) this.ids.add(id);
    else this.ids.delete(id);
  }
}
