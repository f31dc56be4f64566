import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { AppError, sizeText } from '@tower/kit';
import { refusesRequest, wordsOf, type ComfyHttp } from './comfy-http';
import { uploadedFile, type FileRef } from './comfy-messages';

/** Milliseconds. A view may pause this long between two pieces; a whole film takes longer. */
const timeouts = { idle: 30_000, look: 10_000, upload: 120_000 };

/** Bytes; more than any still or short film, little enough not to fill a disk by accident. */
const maxOutputBytes = 2 * 1024 ** 3;

const folder = 'tower';

/**
 * An input picture as it goes to a server: under a name made of its content, so that sending it twice is the same as
 * once.
 */
export interface UploadedPicture {
  bytes: Buffer;
  /** 64 hex digits. */
  sha256: string;
  /** Lower case, with its dot. */
  extension: string;
}

/** Files of one ComfyUI server: outputs come from it, input pictures go to it. */
export class ComfyFiles {
  constructor(private readonly http: ComfyHttp) {}

  /**
   * Streams one output file to `path`, which must not exist; returns its size in bytes. `expect` is told the announced
   * size before anything is written, and may throw. Throws `comfyui_unreachable` when the server goes away or falls
   * silent, `comfyui_output_missing` when it has no such file, `comfyui_output_too_large`, and whatever writing throws.
   */
  async download(
    file: FileRef,
    path: string,
    expect: (bytes: number) => Promise<void> = () => Promise.resolve(),
  ): Promise<number> {
    const stalled = new AbortController();
    const wait = (): NodeJS.Timeout =>
      setTimeout(() => stalled.abort(new Error(`nothing came for ${timeouts.idle} ms`)), timeouts.idle);
    let idle = wait();
    try {
      const response = await this.http.request(viewPath(file), { signal: stalled.signal });
      const announced = Number(response.headers.get('content-length') ?? 0);
      if (response.status !== 200 || response.body === null)
        throw await this.refused(response, missingOutput(this.http.name, file, response.status));
      if (announced > maxOutputBytes) throw await this.refused(response, tooLarge(this.http.name, file));
      await expect(announced).catch(async (error: unknown) => {
        throw await this.refused(response, error);
      });
      let bytes = 0;
      const { http } = this;
      await pipeline(
        async function* () {
          for await (const piece of http.pieces(response)) {
            clearTimeout(idle);
            idle = wait();
            bytes += piece.length;
            if (bytes > maxOutputBytes) throw tooLarge(http.name, file);
            yield piece;
          }
        },
        createWriteStream(path, { flush: true, flags: 'wx' }),
      );
      return bytes;
    } finally {
      clearTimeout(idle);
    }
  }

  /** The rest of an answer that nobody wants is cancelled, or its connection would stay taken. */
  private async refused(response: Response, error: unknown): Promise<unknown> {
    await response.body?.cancel();
    return error;
  }

  /** Whether the server has a file with at least one byte under this name. */
  async has(file: FileRef): Promise<boolean> {
    const response = await this.http.request(viewPath(file), {
      method: 'HEAD',
      signal: AbortSignal.timeout(timeouts.look),
    });
    return response.status === 200 && response.headers.get('content-length') !== '0';
  }

  /**
   * Puts a picture into the server's input folder and returns what `LoadImage` takes for it: the name that the server
   * gave, with its folder. Throws `comfyui_disk_full` when the server could not write, `comfyui_upload_refused` when it
   * does not take this picture (kind `invalid`), or gives anything else but 200 (kind `unavailable`).
   */
  async upload(picture: UploadedPicture): Promise<string> {
    const name = `${picture.sha256.slice(0, 16)}${picture.extension}`;
    const form = new FormData();
    form.append('image', new Blob([new Uint8Array(picture.bytes)]), name);
    form.append('overwrite', 'true');
    form.append('type', 'input');
    form.append('subfolder', folder);
    const response = await this.http.request('/upload/image', {
      method: 'POST',
      body: form,
      signal: AbortSignal.timeout(timeouts.upload),
    });
    const text = await this.http.text(response);
    // An uploader that is refused for its content gets 400 or 413; 500 for a plain picture means that the file could
    // not be written.
    if (response.status === 500)
      throw new AppError(
        'unavailable',
        'comfyui_disk_full',
        `${this.http.name} could not write the input picture ${name}: its disk may be full`,
      );
    if (response.status !== 200) {
      const kind = refusesRequest(response.status) ? 'invalid' : 'unavailable';
      throw new AppError(
        kind,
        'comfyui_upload_refused',
        `${this.http.name} does not take the input picture ${name}: ${wordsOf(response.status, text)}`,
      );
    }
    const stored = this.http.parse('/upload/image', text, uploadedFile);
    return stored.subfolder === '' ? stored.name : `${stored.subfolder}/${stored.name}`;
  }
}

const viewPath = (file: FileRef): string =>
  `/view?${new URLSearchParams({ filename: file.filename, subfolder: file.subfolder, type: file.type }).toString()}`;

const missingOutput = (gpu: string, file: FileRef, status: number): AppError =>
  new AppError('unavailable', 'comfyui_output_missing', `${gpu} answers ${status} for its own output ${file.filename}`);

const tooLarge = (gpu: string, file: FileRef): AppError =>
  new AppError(
    'invalid',
    'comfyui_output_too_large',
    `${file.filename} on ${gpu} has more than ${sizeText(maxOutputBytes)}`,
  );
