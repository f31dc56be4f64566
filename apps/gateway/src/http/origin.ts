import type { IncomingHttpHeaders } from 'node:http';
import { refusal } from './refusals';

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** `name:port` or `[v6]:port` without the port, in lower case. */
const nameOf = (host: string): string => host.replace(/:\d*$/, '').toLowerCase();

/** Refuses names that only a page of somebody else would use for this machine. */
export function requireKnownHost(headers: IncomingHttpHeaders, allowed: ReadonlySet<string> | undefined): void {
  const host = headers.host;
  if (host === undefined || host === '') throw refusal('http_malformed', 'the Host header is missing');
  if (allowed === undefined || allowed.has(nameOf(host))) return;
  throw refusal('host_refused', 'this door is not known under that name; add it to TOWER_ALLOWED_HOSTS if it is meant');
}

/** Browsers name the page that asks; a page from elsewhere must not change anything here. Other programs send no such header. */
export function requireOwnOrigin(method: string, headers: IncomingHttpHeaders): void {
  if (safeMethods.has(method)) return;
  if (!isOwnOrigin(headers)) throw refusal('origin_refused', 'pages of other sites may not change anything here');
}

/** Also for websockets, which browsers open across sites without asking. */
export function isOwnOrigin(headers: IncomingHttpHeaders): boolean {
  if (headers['sec-fetch-site'] === 'cross-site') return false;
  const origin = headers.origin;
  if (origin === undefined) return true;
  if (!URL.canParse(origin)) return false;
  const { protocol, host } = new URL(origin);
  // Through the URL parser, so that a default port means the same written or not.
  const own = `${protocol}//${headers.host}`;
  return URL.canParse(own) && new URL(own).host === host;
}
