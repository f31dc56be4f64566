import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { oldestTestedVersion } from '@tower/comfyui';
import { repositoryRoot } from '@tower/kit';
import { incomingFolder, type WatchedPlace } from '@tower/library';
import { z } from 'zod';

export const renderingEnv = z.object({
  TOWER_LIBRARY: z.string().default(join(repositoryRoot, 'library')),
  /** Where the embedded servers keep their data; not given where they run elsewhere. */
  TOWER_HOME: z.string().optional(),
  /**
   * MiB that stay free on each disk of Tower's own; a twentieth of a smaller disk. Below that nothing new is rendered.
   */
  TOWER_DISK_RESERVE_MB: z.coerce.number().int().min(0).max(1_048_576).default(512),
  /** `name=http://host:port,…`, or a JSON array with the fields of config/gpus.yaml. */
  TOWER_GPUS: z.string().optional(),
  TOWER_GPUS_FILE: z.string().default(join(repositoryRoot, 'config', 'gpus.yaml')),
  /** Which files the cards may need; and what the operator has accepted of it. */
  TOWER_MODELS_MANIFEST: z.string().default(join(repositoryRoot, 'models', 'manifest.yaml')),
  TOWER_MODELS_FILE: z.string().default(join(repositoryRoot, 'config', 'models.yaml')),
  /** A server that is older, or does not say its version, is not used. */
  TOWER_COMFYUI_MIN_VERSION: z
    .string()
    .regex(/^\d+(\.\d+)*$/, 'a version such as 0.3.64')
    .default(oldestTestedVersion),
  /** How long a task waits for a model file that no card has and that cannot be fetched, before it fails. */
  TOWER_MISSING_MODEL_PATIENCE_SECONDS: z.coerce
    .number()
    .min(0)
    .max(7 * 24 * 3600)
    .default(60),
  /** Tasks that may wait for a card; more are refused until some are done. */
  TOWER_QUEUE_LIMIT: z.coerce.number().int().min(1).max(10_000_000).default(100_000),
  /** Seconds before a prompt's expected end in which the next one is sent to its card; 0: only when the card is idle. */
  TOWER_PREFETCH_SECONDS: z.coerce.number().min(0).max(3_600).default(5),
  /** Days for which an upload that no job names is kept. */
  TOWER_UPLOAD_KEEP_DAYS: z.coerce.number().min(0.01).max(36_500).default(30),
  TOWER_WORKFLOWS: z.string().default(join(repositoryRoot, 'workflows')),
});
type RenderingEnv = z.infer<typeof renderingEnv>;

/** The disks that Tower itself needs. `hasFiles`: whether finished files are known to lie in the library. */
export const ownPlaces = (
  env: Pick<RenderingEnv, 'TOWER_LIBRARY' | 'TOWER_HOME'>,
  hasFiles: () => Promise<boolean> = () => Promise.resolve(false),
): WatchedPlace[] => [
  { place: 'library', path: env.TOWER_LIBRARY, writesInto: join(env.TOWER_LIBRARY, incomingFolder), hasFiles },
  ...(env.TOWER_HOME === undefined ? [] : [{ place: 'home' as const, path: env.TOWER_HOME }]),
  { place: 'temp', path: tmpdir(), enoughMb: 64 },
];
