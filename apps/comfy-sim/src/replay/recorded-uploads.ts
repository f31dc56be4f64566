import { createHash } from 'node:crypto';
import type { PyDict } from '../python/values';

/** The small files of the recordings, by the first digits of their SHA-256: single-colour PNGs and stubs. */
const files = new Map<string, Buffer>([
  [
    '9fa0f2ae',
    Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEklEQVR4nGP8z4AdMOEQH6QSAM1BAQ/oQeJvAAAAAElFTkSuQmCC',
      'base64',
    ),
  ],
  [
    '1d94f574',
    Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAE0lEQVR4nGNk+M+AFTBhFx6sEgDMQgEPMsBb2QAAAABJRU5ErkJggg==',
      'base64',
    ),
  ],
  [
    '36fe6ab7',
    Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAFElEQVR4nGNkYPjPgA0wYRUdtBIAy0MBD1YkjLoAAAAASUVORK5CYII=',
      'base64',
    ),
  ],
  [
    'ece98824',
    Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAYAAADED76LAAAAFUlEQVR4nGNkYGBoYMADmPBJDh8FAItIAJAEj98pAAAAAElFTkSuQmCC',
      'base64',
    ),
  ],
  [
    '20aef228',
    Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAAGUlEQVR4n' +
        'GPk5ORkIAUwkaR6VMOohiGlAQCGigA7pCsZEgAAAABJRU5ErkJggg==',
      'base64',
    ),
  ],
  [
    '31449627',
    Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAAGUlEQVR4n' +
        'GNkZGJmIAUwkaR6VMOohiGlAQBGYgAm8KkdsQAAAABJRU5ErkJggg==',
      'base64',
    ),
  ],
]);
for (const stub of [Buffer.from('not an image'), Buffer.from('\0\0\0\x18ftypmp42', 'latin1')])
  files.set(digest(stub), stub);

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 8);
}

/** What only its length is known of. */
function fileOf(part: PyDict): Buffer {
  const length = Number(part.get('len'));
  return files.get(String(part.get('sha256')).slice(0, 8)) ?? Buffer.alloc(length, 'x');
}

/** A red picture of 8×8, as they uploaded it. */
export const redSquare = files.get('9fa0f2ae') ?? Buffer.alloc(0);

export function multipartBody(parts: readonly PyDict[], contentType: string): Buffer {
  const boundary = /boundary=(\S+)/.exec(contentType)?.[1] ?? 'x';
  const pieces = parts.flatMap((part) => {
    const fileName = part.get('filename');
    const name = `--${boundary}\r\nContent-Disposition: form-data; name="${String(part.get('name'))}"`;
    const head =
      fileName === undefined
        ? name
        : `${name}; filename="${String(fileName)}"\r\nContent-Type: ${String(part.get('type'))}`;
    const body = fileName === undefined ? Buffer.from(String(part.get('value')), 'utf8') : fileOf(part);
    return [Buffer.from(`${head}\r\n\r\n`, 'utf8'), body, Buffer.from('\r\n')];
  });
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]);
}
