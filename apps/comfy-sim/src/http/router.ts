import type { Exchange } from './exchange';
import { empty, text, unknownPath, type Reply } from './reply';

export type Handler = (exchange: Exchange) => Promise<Reply> | Reply;

export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH';
  /** `{name}` stands for one part of the path. */
  readonly path: string;
  readonly run: Handler;
  /** Registered as written and under /api, only as written, or only under /api. */
  readonly where?: 'both' | 'bare' | 'api';
}

interface Compiled {
  readonly method: string;
  readonly pattern: RegExp;
  readonly names: readonly string[];
  readonly run: Handler;
}

export type Match = { readonly run: Handler; readonly params: ReadonlyMap<string, string> } | { readonly reply: Reply };

const staticMethods = ['GET', 'HEAD'];

export class Router {
  private readonly routes: Compiled[];

  constructor(routes: readonly Route[]) {
    this.routes = routes.flatMap((route) => {
      const where = route.where ?? 'both';
      const paths = [...(where === 'api' ? [] : [route.path]), ...(where === 'bare' ? [] : [`/api${route.path}`])];
      return paths.map((path) => compile(route, path));
    });
  }

  match(method: string, path: string): Match {
    const allowed = new Set<string>();
    for (const route of this.routes) {
      const found = route.pattern.exec(path);
      if (found === null) continue;
      if (route.method === method || (route.method === 'GET' && method === 'HEAD')) {
        return {
          run: route.run,
          params: new Map(route.names.map((name, index) => [name, decodeURIComponent(found[index + 1] ?? '')])),
        };
      }
      allowed.add(route.method);
    }
    return { reply: unmatched(method, path, allowed) };
  }
}

function compile(route: Route, path: string): Compiled {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
  return {
    method: route.method,
    pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '([^/]+)')}$`),
    names,
    run: route.run,
  };
}

/** The static files behind all routes know GET and HEAD only; /internal is an application of its own. */
function unmatched(method: string, path: string, known: Set<string>): Reply {
  const internal = path.startsWith('/internal/');
  if (internal && known.size === 0) return text(404, '404: Not Found');
  if (path.startsWith('//')) return text(404, '404: Not Found');
  if (!internal && staticMethods.includes(method)) return method === 'HEAD' ? empty(404) : unknownPath;
  for (const method of internal && !known.has('GET') ? [] : staticMethods) known.add(method);
  return text(405, '405: Method Not Allowed', { Allow: [...known].sort().join(',') });
}
