/** First and last byte, both included. */
interface ByteRange {
  first: number;
  last: number;
}

/**
 * What part of a file a `Range` header asks for: `undefined` for all of it (no header, or a unit we do not know, which
 * RFC 9110 says to ignore), `unsatisfiable` for several ranges, nonsense, and parts that the file does not have.
 */
export function rangeOf(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  if (header === undefined) return undefined;
  const unit = /^([^=\s]+)=/.exec(header)?.[1]?.toLowerCase();
  if (unit !== undefined && unit !== 'bytes') return undefined;
  const found = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i.exec(header);
  const [from, to] = [found?.[1], found?.[2]];
  if (from === undefined || to === undefined || (from === '' && to === '')) return 'unsatisfiable';
  const range =
    from === ''
      ? { first: Math.max(0, size - Number(to)), last: size - 1 }
      : { first: Number(from), last: to === '' ? size - 1 : Math.min(Number(to), size - 1) };
  const backwards = from !== '' && to !== '' && Number(to) < Number(from);
  return backwards || range.first > range.last ? 'unsatisfiable' : range;
}

/** Weak comparison, for `If-None-Match`: is our tag among those that the client has? */
export function hasTag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  const opaque = (tag: string): string => tag.trim().replace(/^W\//, '');
  return header.split(',').some((tag) => opaque(tag) === opaque(etag));
}

/** Strong comparison, for `If-Range`: a part only fits to what the client has when both are the very same bytes. */
export const isSameBytes = (header: string | undefined, etag: string): boolean =>
  header === undefined || (header.trim() === etag && !etag.startsWith('W/'));
