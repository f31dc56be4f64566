/**
 * ComfyUI's JSON comes from Python and may hold the bare tokens NaN, Infinity and -Infinity, which JSON.parse refuses;
 * here they become null. Integers beyond 2^53 lose digits: never send a parsed prompt back.
 */
export function parseComfyJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The first alternative swallows strings whole, so that the words inside them stay.
    return JSON.parse(
      text.replace(
        /("(?:[^"\\]|\\.)*")|-?Infinity\b|\bNaN\b/g,
        (_match, quoted: string | undefined) => quoted ?? 'null',
      ),
    );
  }
}
