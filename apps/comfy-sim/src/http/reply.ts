import { dumpJson } from '../python/json';
import type { PyValue } from '../python/values';

/** What a route answers. Without `chunked` the length of the body is announced. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly chunked?: boolean;
  /** The real server hangs up after an uncaught exception. */
  readonly close?: boolean;
}

const nothing = Buffer.alloc(0);

export function json(value: PyValue, status = 200): Reply {
  return {
    status,
    headers: { 'Content-Type': 'application/json; charset=utf-8' },
    body: Buffer.from(dumpJson(value), 'utf8'),
  };
}

export function text(status: number, body: string, headers: Record<string, string> = {}): Reply {
  return {
    status,
    headers: { 'Content-Type': 'text/plain; charset=utf-8', ...headers },
    body: Buffer.from(body, 'utf8'),
  };
}

export const empty = (status = 200): Reply => ({ status, headers: {}, body: nothing });

export function bytes(body: Buffer, headers: Record<string, string>, status = 200): Reply {
  return { status, headers, body };
}

/** The static files mounted at "/" answer whatever no route takes. */
export const unknownPath: Reply = {
  status: 404,
  headers: { 'Content-Type': 'application/octet-stream' },
  body: nothing,
  chunked: true,
};

export const internalError: Reply = {
  ...text(500, '500 Internal Server Error\n\nServer got itself in trouble'),
  close: true,
};
