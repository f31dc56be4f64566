/**
 * The first names that fit into so many bytes of JSON, and how many more there are; `omitted` is undefined when all
 * fit.
 */
export function namesWithin(
  names: readonly string[],
  maxBytes: number,
): { shown: string[]; omitted: number | undefined } {
  const shown: string[] = [];
  let bytes = 0;
  for (const name of names) {
    bytes += Buffer.byteLength(JSON.stringify(name)) + 1;
    if (bytes > maxBytes) break;
    shown.push(name);
  }
  return { shown, omitted: shown.length < names.length ? names.length - shown.length : undefined };
}
