import { AppError } from '@tower/kit';
import type { z } from 'zod';
import { parseComfyJson } from './comfy-json';

/** What an unanswered request proves. */
export type Silence = 'refused' | 'no_answer';

/** HTTP with one ComfyUI server: time limits, tolerant JSON, and errors that say which server and why. */
export class ComfyHttp {
  constructor(
    readonly name: string,
    readonly url: string,
  ) {}

  /** Throws `comfyui_unreachable` or `comfyui_unexpected_answer`. */
  async json<Schema extends z.ZodType>(path: string, schema: Schema, timeoutMs: number): Promise<z.output<Schema>> {
    const response = await this.request(path, { signal: AbortSignal.timeout(timeoutMs) });
    const text = await this.textOf(response);
    if (response.status !== 200) throw new AppError('unavailable', 'comfyui_unexpected_answer', `${this.name} answers ${response.status} to GET ${path}`);
    return this.parse(path, text, schema);
  }

  parse<Schema extends z.ZodType>(path: string, text: string, schema: Schema): z.output<Schema> {
    try {
      return schema.parse(parseComfyJson(text));
    } catch (error) {
      throw new AppError('unavailable', 'comfyui_unexpected_answer', `${this.name} answers ${path} with something that is not ComfyUI's: is ${this.url} a ComfyUI?`, { cause: error });
    }
  }

  /** Sends JSON and returns the status; the body of these routes says nothing. */
  async post(path: string, body: unknown, timeoutMs: number): Promise<number> {
    const response = await this.request(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body), signal: AbortSignal.timeout(timeoutMs) });
    await this.textOf(response);
    return response.status;
  }

  /** Throws `comfyui_unreachable`; what kind of silence it was is in `silenceOf`. */
  async request(path: string, options: RequestInit): Promise<Response> {
    try {
      return await fetch(this.url + path, options);
    } catch (error) {
      throw this.unreachable(error);
    }
  }

  private async textOf(response: Response): Promise<string> {
    try {
      return await response.text();
    } catch (error) {
      throw this.unreachable(error);
    }
  }

  private unreachable(error: unknown): AppError {
    return new AppError('unavailable', 'comfyui_unreachable', `${this.name} (${this.url}) does not answer: ${causesOf(error)}`, { cause: error });
  }
}

/** `refused`: nothing listens there, so the process is gone or not up yet. `no_answer`: it may only be busy. */
export const silenceOf = (error: unknown): Silence => (/ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|EAI_AGAIN/.test(causesOf(error)) ? 'refused' : 'no_answer');

/** fetch hides the reason in causes, and its errors may come from another realm, where they are not `instanceof Error`. */
export function causesOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('message' in error)) return String(error);
  const { message, code, cause } = error as { message: unknown; code?: unknown; cause?: unknown };
  return [String(message), code === undefined ? undefined : String(code), cause === undefined ? undefined : causesOf(cause)].filter((part, index, parts) => part !== undefined && part !== '' && parts.indexOf(part) === index).join(': ');
}
