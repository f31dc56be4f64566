import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type FileAnswer = (request: IncomingMessage, response: ServerResponse, file: FileServer) => void;

/**
 * Serves one file over real HTTP, as well as the plan lets it: each request takes the next answer, and the last one
 * stays.
 */
export class FileServer {
  /** What was asked, in order. */
  readonly asked: { path: string; range: string | undefined; ifRange: string | undefined }[] = [];
  private plan: FileAnswer[] = [wholeFile];

  private constructor(
    private readonly server: Server,
    public content: Buffer,
  ) {}

  static async start(content: Buffer): Promise<FileServer> {
    const server = createServer();
    const file = new FileServer(server, content);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      file.asked.push({
        path: request.url ?? '',
        range: request.headers.range,
        ifRange: request.headers['if-range'] as string | undefined,
      });
      const [next] = file.plan.length > 1 ? file.plan.splice(0, 1) : file.plan;
      next?.(request, response, file);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return file;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get etag(): string {
    return `"${this.sha256.slice(0, 16)}"`;
  }

  get sha256(): string {
    return createHash('sha256').update(this.content).digest('hex');
  }

  answer(...plan: FileAnswer[]): void {
    this.plan = plan;
    this.asked.length = 0;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

/** As a good server does: ranges, strong ETags, If-Range, 416. */
export const wholeFile: FileAnswer = (request, response, file) => {
  const { body, from } = opened(request, response, file);
  response.end(body.subarray(from));
};

/**
 * Promises everything from the wanted byte on, sends so many bytes and cuts the connection, when `taken` says that they
 * have arrived.
 */
export const dropAfter =
  (bytes: number, taken: () => Promise<unknown> = () => Promise.resolve()): FileAnswer =>
  (request, response, file) => {
    const { body, from } = opened(request, response, file);
    response.write(body.subarray(from, from + bytes), () => void taken().then(() => response.socket?.destroy()));
  };

/** Sends so many bytes, and then nothing more. */
export const stallAfter =
  (bytes: number): FileAnswer =>
  (request, response, file) => {
    const { body, from } = opened(request, response, file);
    response.write(body.subarray(from, from + bytes));
  };

/** Knows no ranges: always the whole file. */
export const ignoreRange: FileAnswer = (_request, response, file) => {
  response.writeHead(200, { 'content-length': file.content.length });
  response.end(file.content);
};

/** Sends these bytes in pieces, without saying how many there are. */
export const unmeasured =
  (bytes: Buffer): FileAnswer =>
  (_request, response) => {
    response.writeHead(200);
    response.end(bytes);
  };

export const status =
  (code: number, headers: Record<string, string> = {}): FileAnswer =>
  (_request, response) => {
    response.writeHead(code, headers);
    response.end('no');
  };

function opened(request: IncomingMessage, response: ServerResponse, file: FileServer): { body: Buffer; from: number } {
  const { content, etag } = file;
  const ifRange = request.headers['if-range'];
  const match = ifRange === undefined || ifRange === etag ? /^bytes=(\d+)-$/.exec(request.headers.range ?? '') : null;
  const from = Number(match?.[1] ?? 0);
  if (match !== null && from >= content.length) {
    response.writeHead(416, { 'content-range': `bytes */${content.length}` });
    return { body: Buffer.alloc(0), from: 0 };
  }
  const headers = { 'accept-ranges': 'bytes', etag, 'content-length': content.length - from };
  if (match === null) response.writeHead(200, headers);
  else
    response.writeHead(206, { ...headers, 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` });
  return { body: content, from };
}
