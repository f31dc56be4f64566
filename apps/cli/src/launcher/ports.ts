import { createServer } from 'node:net';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { AppError } from '@tower/kit';
import { z } from 'zod';
import { findPortOwner } from './port-owner';
import { readJson, writeWhole } from './run-record';

const remembered = z.record(z.string(), z.int().min(1).max(65_535));

/**
 * Ports for what is not public: free ones, remembered by name, so that a restarted server comes back where its clients
 * look for it. They lie below the range from which the system takes ports for outgoing connections: a client that
 * knocks again and again at a closed port of that range would sooner or later be given that very port itself, and the
 * server could never come back.
 */
export class Ports {
  private readonly known: Map<string, number>;
  private queue: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly file: string,
    private readonly random: () => number = Math.random,
  ) {
    const parsed = remembered.safeParse(readJson(file));
    this.known = new Map(parsed.success ? Object.entries(parsed.data) : []);
  }

  /** The same as last time when it is still free. One after the other, so that no two names get one port. */
  take(name: string, host = '127.0.0.1'): Promise<number> {
    const taken = this.queue.then(() => this.takeNow(name, host));
    this.queue = taken.catch(() => undefined);
    return taken;
  }

  private async takeNow(name: string, host: string): Promise<number> {
    const before = this.known.get(name);
    if (before !== undefined && (await isPortFree(before, host))) return before;
    const port = await this.choose(host);
    this.known.set(name, port);
    mkdirSync(dirname(this.file), { recursive: true });
    writeWhole(this.file, `${JSON.stringify(Object.fromEntries(this.known), null, 2)}\n`);
    return port;
  }

  private async choose(host: string): Promise<number> {
    const { start, end } = quietRange(firstEphemeralPort());
    const handedOut = new Set(this.known.values());
    for (let attempt = 0; attempt < 200; attempt++) {
      const port = start + Math.floor(this.random() * (end - start));
      if (!handedOut.has(port) && (await isPortFree(port, host))) return port;
    }
    throw new AppError('unavailable', 'no_free_port', `no free port was found between ${start} and ${end}`);
  }
}

/** Ports that the system gives to nobody by itself; where it gives all of them, the usual ones have to do. */
export function quietRange(firstEphemeral: number): { start: number; end: number } {
  const end = firstEphemeral < 8_000 ? 32_768 : Math.min(firstEphemeral, 32_768);
  return { start: Math.min(20_000, end - 5_000), end };
}

/** The one port that people and other programs were told: taken or not, it is not changed behind their backs. */
export async function assertPublicPortFree(port: number, host: string): Promise<void> {
  const failure = await tryPort(port, host);
  if (failure === undefined) return;
  if (failure === 'EADDRINUSE') {
    const owner = findPortOwner(port);
    const who = owner === undefined ? 'by another program' : `by process ${owner.pid} (${owner.command})`;
    throw new AppError(
      'conflict',
      'port_in_use',
      `port ${port} on ${host} is taken ${who}; stop it or choose another port with TOWER_PORT`,
      { details: { port, host, ...owner } },
    );
  }
  const hint =
    failure === 'EACCES'
      ? 'ports below 1024 need special rights; choose another with TOWER_PORT'
      : 'check TOWER_HOST and TOWER_PORT';
  throw new AppError(
    'invalid',
    'address_not_usable',
    `Tower cannot listen on ${host} port ${port} (${failure}): ${hint}`,
    { details: { port, host } },
  );
}

export const isPortFree = async (port: number, host: string): Promise<boolean> =>
  (await tryPort(port, host)) === undefined;

/** The system's error code when listening does not work. */
function tryPort(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port, host }, () => server.close(() => resolve(undefined)));
  });
}

function firstEphemeralPort(): number {
  try {
    return Number.parseInt(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'), 10) || 32_768;
  } catch {
    // Elsewhere the range starts at 49152.
    return 49_152;
  }
}
