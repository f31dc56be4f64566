import { hostname } from 'node:os';
import { z } from 'zod';

const httpUrl = z.url({ protocol: /^https?$/ });

export const echoBridgeEnv = z.object({
  /** A user and password in it become basic auth. */
  ECHO_URL: httpUrl
    .refine((url) => !/[?#]/.test(url), 'may have no query and no fragment')
    .default('http://localhost:8309'),
  /** Under this name Echo knows us; it must stay the same, or every restart leaves a dead worker in Echo's list. */
  ECHO_WORKER_ID: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,100}$/, 'letters, digits, . _ and -, at most 100')
    .default(
      `tower-${hostname()
        .replace(/[^A-Za-z0-9._-]/g, '-')
        .slice(0, 90)}`,
    ),
  /** Where Echo reaches the gateway. */
  ECHO_CALLBACK_URL: httpUrl.default('http://localhost:8331/api/anime/echo/webhook'),
});
