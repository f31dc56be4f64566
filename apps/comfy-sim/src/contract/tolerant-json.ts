/** Servers write JSON as Python does, with NaN and Infinity; both become null here. */
export function parseTolerantly(text: string): unknown {
  return JSON.parse(
    text.replace(/("(?:[^"\\]|\\.)*")|-?Infinity\b|\bNaN\b/g, (_match, quoted?: string) => quoted ?? 'null'),
  );
}
