import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

/** A line of a server's own log, as `/internal/logs/raw` gives it: its time has microseconds. */
export interface LogLine {
  t: string;
  m: string;
}

/** What tells one ComfyUI server from another. It has no id of its own. */
export interface ServerTraits {
  url: string;
  /** Where its name leads, `address:port/path`; empty where it leads nowhere. */
  places: readonly string[];
  /** Lines of its log of this boot; empty where it shows none. */
  log: readonly LogLine[];
  /** What it says it is: version, device, memory; null while it has said nothing. */
  about: string | null;
}

/** Lines with the same microseconds and words that two logs have to share: two processes do not. */
const sharedLines = 3;

/**
 * Why these two addresses lead to one server, in words; undefined where nothing shows that they do. Certain are logs
 * that share lines, and logs of the same time that share none. Else equal places count, where one of the names is an
 * address or this machine: one proxy may serve many names at one address.
 */
export function whySameServer(one: ServerTraits, other: ServerTraits): string | undefined {
  if (shareLines(one.log, other.log)) return 'their logs are the same';
  if (areOfOneTime(one.log, other.log)) return undefined;
  const place = one.places.find((candidate) => other.places.includes(candidate));
  if (place === undefined || !(isPlain(one.url) || isPlain(other.url))) return undefined;
  if (one.about !== null && other.about !== null && one.about !== other.about) return undefined;
  return `both names lead to ${place.replace(/\/$/, '')}`;
}

function shareLines(one: readonly LogLine[], other: readonly LogLine[]): boolean {
  const seen = new Set(one.map(keyOf));
  const shared = other.filter((line) => seen.has(keyOf(line))).length;
  return shared > 0 && shared >= Math.min(sharedLines, one.length, other.length);
}

/** A busy server's log keeps its last lines only, so that two looks at it need have nothing in common. */
function areOfOneTime(one: readonly LogLine[], other: readonly LogLine[]): boolean {
  const [first, last, otherFirst, otherLast] = [one[0], one.at(-1), other[0], other.at(-1)].map((line) => line?.t);
  if (first === undefined || last === undefined || otherFirst === undefined || otherLast === undefined) return false;
  return first <= otherLast && otherFirst <= last;
}

const keyOf = ({ t, m }: LogLine): string => `${t} ${m}`;

/** Whether no proxy can tell this name from another one for the same address. */
const isPlain = (url: string): boolean => {
  const host = hostOf(url);
  return host === 'localhost' || isIP(host) !== 0;
};

const hostOf = (url: string): string => new URL(url).hostname.replace(/^\[|\]$/g, '');

/** The places that a card's address leads to; none when its name cannot be resolved. Never throws. */
export async function serverPlaces(url: string): Promise<string[]> {
  const { protocol, port, pathname } = new URL(url);
  const found = await lookup(hostOf(url), { all: true }).catch(() => []);
  const realPort = port === '' ? (protocol === 'https:' ? '443' : '80') : port;
  return found.map(({ address, family }) => `${family === 6 ? `[${address}]` : address}:${realPort}${pathname}`);
}

/** Why the second of two cards that are one server takes no work, and what to do. */
export const sameServerSentence = (second: string, first: { name: string; url: string }, why: string): string =>
  `${second} is the same ComfyUI as ${first.name} (${first.url}): ${why}. Only ${first.name} is used; ` +
  `remove one of the two from config/gpus.yaml or TOWER_GPUS`;
