import { isIP } from 'node:net';

interface Authority {
  readonly whole: string;
  readonly name: string;
  readonly port: string | undefined;
}

function authority(text: string): Authority {
  const whole = text.toLowerCase();
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(whole);
  return { whole, name: (match?.[1] ?? whole).replace(/^\[|\]$/g, ''), port: match?.[2] };
}

const isLoopback = (name: string): boolean =>
  name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'));

/**
 * Keeps foreign web pages off a server on loopback: false when Host and Origin name different places. Pages without an
 * authority (`null`, `file://`) pass, and so does everything when the Host is not loopback.
 */
export function isOriginAllowed(host: string | undefined, origin: string | undefined): boolean {
  if (host === undefined || origin === undefined) return true;
  const here = authority(host);
  const there = authority(/^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(origin)?.[1] ?? '');
  if (!isLoopback(here.name)) return true;
  const ours = there.port === undefined ? here.name : here.whole;
  const theirs = here.port === undefined ? there.name : there.whole;
  return ours === '' || theirs === '' || ours === theirs;
}
