import type { IncomingMessage } from 'node:http';
import { parseJson } from '../python/json';
import type { PyValue } from '../python/values';

/** The body is longer than `--max-upload-size`: 413. */
export class BodyTooLarge extends Error {
  constructor(readonly maxBytes: number) {
    super(`Maximum request body size ${maxBytes} exceeded.`);
  }
}

/** One request, with what routes need of it. */
export class Exchange {
  constructor(
    private readonly message: IncomingMessage,
    readonly path: string,
    readonly query: URLSearchParams,
    readonly params: ReadonlyMap<string, string>,
    private readonly maxBytes: number,
  ) {}

  get method(): string {
    return this.message.method ?? 'GET';
  }

  header(name: string): string | undefined {
    const value = this.message.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  param(name: string): string {
    return this.params.get(name) ?? '';
  }

  async bytes(): Promise<Buffer> {
    const parts: Buffer[] = [];
    let length = 0;
    // Not `for await`: leaving such a loop early destroys the connection, and with it the answer. What is too long is
    // read to its end and dropped, or the client would never get to reading.
    await new Promise<void>((resolve, reject) => {
      this.message.on('data', (part: Buffer) => {
        length += part.length;
        if (length > this.maxBytes) reject(new BodyTooLarge(this.maxBytes));
        else parts.push(part);
      });
      this.message.on('end', resolve);
      this.message.on('error', reject);
    });
    return Buffer.concat(parts);
  }

  /** The content type is not looked at, but for its charset. Throws on anything that is not JSON. */
  async json(): Promise<PyValue> {
    const charset = /charset=([\w-]+)/i.exec(this.header('content-type') ?? '')?.[1] ?? 'utf-8';
    return parseJson(new TextDecoder(charset, { fatal: true }).decode(await this.bytes()));
  }
}
