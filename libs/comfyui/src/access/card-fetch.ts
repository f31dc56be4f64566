import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';
import type { CardAccess } from './card-access';

/** One per authority, so that connections are used again. */
const agents = new Map<string, https.Agent>();

/**
 * Asks a card's server. A redirect is never followed: what a server names may lie anywhere in the own network, and what
 * logs us in there is nobody else's. Rejects as `fetch` does.
 */
export function fetchFromCard(url: string, init: RequestInit, access?: CardAccess): Promise<Response> {
  const headers = new Headers(init.headers);
  for (const [name, value] of Object.entries(access?.headers() ?? {})) headers.set(name, value);
  const asked: RequestInit = { ...init, headers, redirect: 'manual' };
  return access?.ca === undefined ? fetch(url, asked) : fetchTrusting(access.ca, url, asked);
}

/** Node's own fetch takes no certificate authority. */
async function fetchTrusting(ca: string, url: string, init: RequestInit): Promise<Response> {
  const agent = agents.get(ca) ?? new https.Agent({ ca, keepAlive: true });
  agents.set(ca, agent);
  const { signal } = init;
  signal?.throwIfAborted();
  // It knows how forms are encoded, and which header says so.
  const request = new Request(url, init);
  const body = request.body === null ? undefined : Buffer.from(await request.arrayBuffer());
  const headers = {
    ...Object.fromEntries(request.headers),
    ...(body === undefined ? {} : { 'content-length': body.length }),
  };
  return new Promise((resolve, reject) => {
    const outgoing = https.request(url, { method: request.method, headers, agent, ...(signal ? { signal } : {}) });
    outgoing.on('error', (error) => reject(signal?.aborted === true ? (signal.reason as Error) : error));
    outgoing.on('response', (incoming) => {
      try {
        resolve(toResponse(incoming));
      } catch (error) {
        // A status or a header that no answer may have.
        incoming.destroy();
        reject(error as Error);
      }
    });
    outgoing.end(body);
  });
}

function toResponse(incoming: IncomingMessage): Response {
  const status = incoming.statusCode ?? 0;
  const headers = Object.entries(incoming.headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((one): [string, string] => [name, one]),
  );
  if (![204, 205, 304].includes(status))
    return new Response(Readable.toWeb(incoming) as ReadableStream, { status, headers });
  incoming.resume();
  return new Response(null, { status, headers });
}
