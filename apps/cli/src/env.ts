import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import type { NatsUserName } from '@tower/bus';
import { parseEnv, repositoryRoot } from '@tower/kit';
import { z } from 'zod';

/**
 * Relative paths mean what they mean in the shell that gave them; the defaults lie in the project folder, wherever
 * `tower` was called.
 */
const folder = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((path) => resolve(path));

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

/** Every variable the launcher reads. What only one service reads is passed through untouched. */
export const towerEnv = z
  .object({
    TOWER_HOME: folder(join(repositoryRoot, '.tower')),
    TOWER_LIBRARY: folder(join(repositoryRoot, 'library')),
    /** 0 takes a free port and keeps it for later starts. */
    TOWER_PORT: z.coerce.number().int().min(0).max(65_535).default(8331),
    TOWER_HOST: z.string().default('127.0.0.1'),
    TOWER_INSECURE_LISTEN: z.enum(['yes', 'no']).default('no'),
    /** The quality networks; files of the cards lie in the models folder of each. */
    TOWER_MODELS: folder(join(repositoryRoot, 'models', 'files')),
    TOWER_MODELS_MANIFEST: folder(join(repositoryRoot, 'models', 'manifest.yaml')),
    /** What of it the operator has accepted. */
    TOWER_MODELS_FILE: folder(join(repositoryRoot, 'config', 'models.yaml')),
    TOWER_GPUS: z.string().optional(),
    TOWER_GPUS_FILE: folder(join(repositoryRoot, 'config', 'gpus.yaml')),
    /** A simulated second takes so many real ones; 1 is the speed of the real cards. */
    TOWER_SIM_TIME_SCALE: z.coerce.number().min(0).max(100).default(0.2),
    DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
    NATS_URL: z.string().optional(),
    // For a server of yours that knows Tower's users: what one process is told instead of NATS_URL.
    NATS_URL_GATEWAY: z.string().optional(),
    NATS_URL_PROJECTS: z.string().optional(),
    NATS_URL_CHARACTERS: z.string().optional(),
    NATS_URL_RENDERING: z.string().optional(),
    NATS_URL_QUALITY: z.string().optional(),
    NATS_URL_ECHO_BRIDGE: z.string().optional(),
    NATS_URL_LAUNCHER: z.string().optional(),
    NATS_URL_ADMIN: z.string().optional(),
    NATS_SERVER_BIN: z.string().optional(),
    FFMPEG_PATH: z.string().optional(),
    LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  })
  // The gateway refuses too; said here, it is one sentence instead of a service that cannot start.
  .refine((env) => env.NATS_URL !== undefined || Object.keys(env).every((name) => !name.startsWith('NATS_URL_')), {
    path: ['NATS_URL'],
    message: 'is missing: NATS_URL_… name users of a server that NATS_URL names',
  })
  .refine((env) => isLoopback(env.TOWER_HOST) || env.TOWER_INSECURE_LISTEN === 'yes', {
    path: ['TOWER_HOST'],
    message:
      'is not a loopback address and there are no keys yet: anyone who reaches it could do everything. Use ' +
      '127.0.0.1, or set TOWER_INSECURE_LISTEN=yes where the network itself keeps strangers out',
  });

const natsUrlNames = {
  gateway: 'NATS_URL_GATEWAY',
  projects: 'NATS_URL_PROJECTS',
  characters: 'NATS_URL_CHARACTERS',
  rendering: 'NATS_URL_RENDERING',
  quality: 'NATS_URL_QUALITY',
  'echo-bridge': 'NATS_URL_ECHO_BRIDGE',
  launcher: 'NATS_URL_LAUNCHER',
  admin: 'NATS_URL_ADMIN',
} as const satisfies Record<Exclude<NatsUserName, 'publisher'>, keyof z.infer<typeof towerEnv>>;

/** The variable with one process's own address of NATS. */
export const natsUrlVariable = (user: keyof typeof natsUrlNames): (typeof natsUrlNames)[keyof typeof natsUrlNames] =>
  natsUrlNames[user];

/** Secrets of others: no child inherits them. */
export const natsUrlVariables: readonly string[] = ['NATS_URL', ...Object.values(natsUrlNames)];

export type TowerEnv = z.infer<typeof towerEnv>;

export const readTowerEnv = (source: NodeJS.ProcessEnv = process.env): TowerEnv => parseEnv(towerEnv, source);
