export interface Part {
  readonly name: string;
  readonly fileName: string | undefined;
  readonly bytes: Buffer;
}

/** Undefined when the content type is not multipart: aiohttp then sees a form without fields. */
export function parseMultipart(contentType: string | undefined, body: Buffer): Part[] | undefined {
  const boundary = /^multipart\/form-data;.*boundary="?([^";]+)"?/i.exec(contentType ?? '')?.[1];
  if (boundary === undefined) return undefined;
  const parts: Part[] = [];
  const mark = Buffer.from(`--${boundary}`);
  let at = body.indexOf(mark);
  while (at >= 0) {
    const start = at + mark.length + 2;
    const next = body.indexOf(Buffer.concat([Buffer.from('\r\n'), mark]), start);
    if (next < 0) break;
    const part = parsePart(body.subarray(start, next));
    if (part !== undefined) parts.push(part);
    at = next + 2;
  }
  return parts;
}

function parsePart(bytes: Buffer): Part | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const disposition = /^content-disposition:(.*)$/im.exec(bytes.toString('utf8', 0, end))?.[1] ?? '';
  const name = /[;\s]name="([^"]*)"/i.exec(disposition)?.[1];
  if (name === undefined) return undefined;
  return { name, fileName: fileNameOf(disposition), bytes: bytes.subarray(end + 4) };
}

function fileNameOf(disposition: string): string | undefined {
  const encoded = /filename\*=utf-8''([^;\s]+)/i.exec(disposition)?.[1];
  if (encoded !== undefined) return decodeURIComponent(encoded);
  const quoted = /filename="((?:[^"\\]|\\.)*)"/i.exec(disposition)?.[1];
  // Browsers and aiohttp's own writer percent-encode what does not fit between the quotes.
  return quoted === undefined ? undefined : decodeSafely(quoted.replace(/\\(.)/g, '$1'));
}

function decodeSafely(text: string): string {
  return /%[0-9a-f]{2}/i.test(text)
    ? text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'))
    : text;
}
