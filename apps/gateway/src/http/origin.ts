import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { refusal } from './refusals';

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** `name:port` or `[v6]:port` without the port, in lower case. */
const nameOf = (host: string): string => host.replace(/:\d*$/, '').toLowerCase();

/**
 * Refuses a request that says twice for whom it is: with two `Host` headers, or with a whole address in its first line
 * that is not that of the header. What stands before this door may go by one of them and this door by the other.
 */
export function requireOneHost({
  rawHeaders,
  headers,
  url = '/',
}: Pick<IncomingMessage, 'rawHeaders' | 'headers' | 'url'>): void {
  const hosts = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host');
  if (hosts.length > 1) throw refusal('http_malformed', 'there is more than one Host header');
  if (url.startsWith('/') || url === '*') return;
  const own = `http://${headers.host}`;
  if (!URL.canParse(url) || !URL.canParse(own))
    throw refusal('http_malformed', 'the address in the first line cannot be read');
  const { protocol, host, username, password } = new URL(url);
  if (protocol !== 'http:' || username !== '' || password !== '' || host !== new URL(own).host)
    throw refusal('http_malformed', 'the first line and the Host header name different hosts');
}

/** Refuses names that only a page of somebody else would use for this machine. */
export function requireKnownHost(headers: IncomingHttpHeaders, allowed: ReadonlySet<string>): void {
  const host = headers.host;
  if (host === undefined || host === '') throw refusal('http_malformed', 'the Host header is missing');
  if (allowed.has(nameOf(host))) return;
  throw refusal('host_refused', 'this door is not known under that name; add it to TOWER_ALLOWED_HOSTS if it is meant');
}

/**
 * Browsers name the page that asks; a page from elsewhere must not change anything here. Other programs send no such
 * header.
 */
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
