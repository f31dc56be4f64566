import type { LoggerService } from '@nestjs/common';
import pino, { type Logger } from 'pino';
import { correlationFields } from './correlation';

export type { Logger } from 'pino';

/** Injection token for the process's logger. */
export const LOGGER = Symbol('LOGGER');

/** Values under these keys never reach a log. */
const secretPaths = ['authorization', 'password', 'secret', 'token', 'cookie', 'databaseUrl', 'natsUrl'].flatMap(
  (key) => [key, `*.${key}`, `*.*.${key}`],
);

export function createLogger(service: string, level: string): Logger {
  return pino({
    level,
    base: { service, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    mixin: correlationFields,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: secretPaths, censor: '[redacted]' },
  });
}

/** Nest's start-up chatter belongs at debug; its warnings and errors keep their level. */
export const nestLogger = (logger: Logger): LoggerService => ({
  log: (message: unknown, context?: unknown) => logger.debug({ context }, String(message)),
  debug: (message: unknown, context?: unknown) => logger.debug({ context }, String(message)),
  verbose: (message: unknown, context?: unknown) => logger.trace({ context }, String(message)),
  warn: (message: unknown, context?: unknown) => logger.warn({ context }, String(message)),
  error: (message: unknown, stack?: unknown, context?: unknown) => logger.error({ stack, context }, String(message)),
  fatal: (message: unknown, context?: unknown) => logger.fatal({ context }, String(message)),
});

/**
 * An address, or several with commas between them, as it may be shown: without user, password, token, and without the
 * query and fragment, where tokens stand as well.
 */
export function withoutCredentials(url: string): string {
  // Up to the last @: a password that was not percent-encoded may hold one. Addresses of NATS may come without a
  // scheme.
  return url.replace(/(^|\/\/|,)[^/]*@/g, '$1').replace(/[?#].+$/s, '?…');
}
