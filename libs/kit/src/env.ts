import { z } from 'zod';
import { AppError } from './errors';

/** Variables every service reads. */
export const serviceEnv = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  NATS_URL: z.string().min(1),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** `/metrics` and `/health/*`; 0 takes a free port. */
  OPS_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  OPS_HOST: z.string().default('127.0.0.1'),
});
export type ServiceEnv = z.infer<typeof serviceEnv>;

/** Empty strings count as absent: compose files and shells pass unset variables so. */
export function parseEnv<Schema extends z.ZodType>(
  schema: Schema,
  source: NodeJS.ProcessEnv = process.env,
): z.output<Schema> {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== ''));
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new AppError(
    'invalid',
    'environment_invalid',
    `these environment variables are wrong or missing:\n${lines.join('\n')}`,
  );
}
