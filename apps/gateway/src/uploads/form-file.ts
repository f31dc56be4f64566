import { refusal } from '../http/refusals';

/** Of the head of one part; a browser's has some hundred bytes. */
const maxHeadBytes = 8 * 1024;
const none = Buffer.alloc(0);

/**
 * The boundary of a form (RFC 7578); undefined for a body that is none.
 * @throws AppError `upload_form_invalid` for a form without a boundary that can be one
 */
export function boundaryOf(contentType: string | undefined): string | undefined {
  if (contentType === undefined || !/^multipart\/form-data\s*(?:;|$)/i.test(contentType)) return undefined;
  const found = /;\s*boundary=(?:"([^"]{1,70})"|([^\s";,]{1,70}))\s*(?:;|$)/i.exec(contentType);
  const boundary = found?.[1] ?? found?.[2];
  if (boundary !== undefined) return boundary;
  throw malformed('the Content-Type names no boundary');
}

/**
 * The bytes of the field `file`, which has to be the form's only one, as they come.
 * @throws AppError `upload_form_invalid` for any other form, also in the middle of the file where it ends too early
 */
export async function* formFile(chunks: AsyncIterable<Uint8Array>, boundary: string): AsyncGenerator<Uint8Array> {
  const reader = new Reader(chunks);
  try {
    // Read as if a line ended before it: so every boundary looks the same.
    reader.unread(Buffer.from('\r\n'));
    const delimiter = Buffer.from(`\r\n--${boundary}`);
    const preamble = await reader.until(delimiter, maxHeadBytes);
    if (preamble.toString().trim() !== '') throw malformed('it does not begin with its boundary');
    await readHead(reader);
    yield* reader.through(delimiter);
    if ((await reader.take(2)).toString('latin1') !== '--')
      throw malformed('it has more than one field; send the one field "file" alone');
  } finally {
    await reader.close();
  }
}

/** What the boundary's line and the head of the part say. */
async function readHead(reader: Reader): Promise<void> {
  const line = (await reader.until(Buffer.from('\r\n'), maxHeadBytes)).toString('latin1');
  if (line.trim() !== '') throw malformed('it has no field; send the one field "file"');
  reader.unread(Buffer.from('\r\n'));
  const head = (await reader.until(Buffer.from('\r\n\r\n'), maxHeadBytes)).toString('latin1');
  const disposition = /(?:^|\r\n)content-disposition:\s*form-data\s*;([^\r\n]*)/i.exec(head)?.[1] ?? '';
  const name = /(?:^|;)\s*name="?([^";]*)"?/i.exec(disposition)?.[1];
  if (name !== 'file') throw malformed(`its field is called "${name ?? ''}"; the file goes into the one field "file"`);
  if (/(?:^|\r\n)content-transfer-encoding:\s*(?!binary|7bit|8bit)\S/i.test(head))
    throw malformed('its file is encoded; send the bytes as they are');
}

const malformed = (why: string) => refusal('upload_form_invalid', `the form cannot be read: ${why}`);

/** Bytes as they come, looked through for a mark. */
class Reader {
  private readonly chunks: AsyncIterator<Uint8Array>;
  private held: Buffer = none;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.chunks = chunks[Symbol.asyncIterator]();
  }

  /** Nothing more is wanted of them. */
  async close(): Promise<void> {
    await this.chunks.return?.();
  }

  unread(bytes: Buffer): void {
    this.held = Buffer.concat([bytes, this.held]);
  }

  /** Everything before the mark, which is passed. */
  async until(mark: Buffer, most: number): Promise<Buffer> {
    for (;;) {
      const at = this.held.indexOf(mark);
      if (at >= 0) return this.pass(at, mark.length);
      if (this.held.length > most) throw malformed('its beginning is too long');
      await this.more();
    }
  }

  /** As `until`, piece by piece: no more is held than may be the beginning of the mark. */
  async *through(mark: Buffer): AsyncGenerator<Uint8Array> {
    for (;;) {
      const at = this.held.indexOf(mark);
      if (at >= 0) {
        yield this.pass(at, mark.length);
        return;
      }
      const sure = this.held.length - mark.length + 1;
      if (sure > 0) yield this.pass(sure, 0);
      await this.more();
    }
  }

  async take(count: number): Promise<Buffer> {
    while (this.held.length < count) await this.more();
    return this.pass(count, 0);
  }

  private pass(count: number, marked: number): Buffer {
    const bytes = this.held.subarray(0, count);
    this.held = this.held.subarray(count + marked);
    return bytes;
  }

  private async more(): Promise<void> {
    const next = await this.chunks.next();
    if (next.done === true) throw malformed('it ends too early; send it again');
    this.held = this.held.length === 0 ? Buffer.from(next.value) : Buffer.concat([this.held, next.value]);
  }
}
