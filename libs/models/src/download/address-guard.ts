import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { AppError, withoutCredentials } from '@tower/kit';

/**
 * Addresses that are no part of the open internet: RFC 6890 and its IPv6 registry. IPv4 in IPv6 notation is judged as
 * IPv4.
 */
const inside = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  inside.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [
  ['::', 127],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001:db8::', 32],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  inside.addSubnet(network, bits, 'ipv6');

export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && !inside.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** Without the brackets that an address has in a URL. */
const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);

/**
 * Where a download may go. The address that the operator wrote down may be anywhere, also on the own network; what a
 * server redirects to may not reach into that network, or anybody whose files are fetched could make this machine ask
 * its neighbours.
 */
export class AddressGuard {
  private readonly source: URL;

  constructor(source: string) {
    this.source = new URL(source);
  }

  /** @throws AppError `download_redirect_refused` */
  check(url: URL): void {
    const host = hostOf(url);
    const isHere = isLoopback(host) && isLoopback(hostOf(this.source));
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isHere))
      throw this.refusal(url, 'which is not https');
    if (!this.isNamed(url) && !isHere && isIP(host) !== 0 && !isPublicAddress(host))
      throw this.refusal(url, 'which is not on the open internet');
  }

  /**
   * Looks at what a name really means at the moment of connecting, so that a name cannot change its meaning in between.
   */
  lookupFor(url: URL): LookupFunction | undefined {
    if (this.isNamed(url)) return undefined;
    return (hostname, options, callback) => {
      lookup(hostname, { ...options, all: true }, (error, addresses) => {
        const [first] = addresses ?? [];
        if (error || first === undefined) callback(error ?? new Error(`${hostname} has no address`), '', 0);
        else if (
          !addresses.every(
            ({ address }) => isPublicAddress(address) || (isLoopback(address) && isLoopback(hostOf(this.source))),
          )
        )
          callback(this.refusal(url, 'which is not on the open internet'), '', 0);
        else if (options.all === true) callback(null, addresses);
        else callback(null, first.address, first.family);
      });
    };
  }

  private isNamed(url: URL): boolean {
    return url.host === this.source.host;
  }

  private refusal(url: URL, why: string): AppError {
    return new AppError(
      'forbidden',
      'download_redirect_refused',
      `${withoutCredentials(this.source.href)} leads to ${url.origin}, ${why}: it is not followed`,
    );
  }
}
