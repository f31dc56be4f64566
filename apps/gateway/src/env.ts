import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '@tower/kit';
import { z } from 'zod';

/** What a browser on this machine calls it. */
const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

export const gatewayEnv = z
  .object({
    TOWER_HOST: z.string().default('127.0.0.1'),
    /** 0 takes a free port. */
    TOWER_PORT: z.coerce.number().int().min(0).max(65_535).default(8331),
    /**
     * `yes` allows an address that other machines reach, although there are no keys: for containers and trusted
     * networks.
     */
    TOWER_INSECURE_LISTEN: z.enum(['yes', 'no']).default('no'),
    /** Names, with commas, under which a reverse proxy or another machine reaches this door. */
    TOWER_ALLOWED_HOSTS: z
      .string()
      .default('')
      .transform((list) =>
        list
          .split(',')
          .map((name) => name.trim().toLowerCase())
          .filter((name) => name !== ''),
      ),
    /** Requests per second that one client address may send for longer; 0 for any number. */
    TOWER_RATE_LIMIT: z.coerce.number().min(0).max(1_000_000).default(1_000),
    TOWER_LIBRARY: z.string().default(join(repositoryRoot, 'library')),
  })
  .refine((env) => isLoopback(env.TOWER_HOST) || env.TOWER_INSECURE_LISTEN === 'yes', {
    path: ['TOWER_HOST'],
    message:
      'is not a loopback address and there are no keys yet: anyone who reaches it could do everything. Use ' +
      '127.0.0.1, or set TOWER_INSECURE_LISTEN=yes where the network itself keeps strangers out',
  });
export type GatewayEnv = z.infer<typeof gatewayEnv>;
export const GATEWAY_ENV = Symbol('GATEWAY_ENV');

/**
 * Host names that requests may carry. A page elsewhere can make its own name point at the loopback and then counts as
 * same-origin (DNS rebinding); only the name in the `Host` header gives it away.
 */
export function allowedHosts(env: GatewayEnv): ReadonlySet<string> {
  const names = [...loopbackNames, env.TOWER_HOST, ...env.TOWER_ALLOWED_HOSTS];
  if (isLoopback(env.TOWER_HOST) || env.TOWER_ALLOWED_HOSTS.length > 0) return new Set(names);
  return new NamesAndAddresses([...names, ...namesOfMachine(hostname().toLowerCase())]);
}

/** `studio.lan` is also found as `studio`, and by multicast DNS as `studio.local`. */
function namesOfMachine(name: string): string[] {
  const label = name.split('.', 1)[0] ?? name;
  return [name, label, `${label}.local`];
}

/** Listed names and everything that is written as an address, which nobody else can make point here. */
class NamesAndAddresses extends Set<string> {
  override has(name: string): boolean {
    return super.has(name) || isIP(name) === 4 || (/^\[.*\]$/.test(name) && isIP(name.slice(1, -1)) === 6);
  }
}
