import { z } from 'zod';
import { instant, line, slug, text, uuid } from './primitives';

export const gatePolicy = z.enum(['enforce', 'advise']);

export const createProjectBody = z.strictObject({
  name: line(200),
  description: text(4000).default(''),
  gate_policy: gatePolicy.default('enforce'),
});

export const updateProjectBody = z
  .strictObject({ name: line(200).optional(), description: text(4000).optional(), gate_policy: gatePolicy.optional() })
  .refine((body) => Object.keys(body).length > 0, 'at least one field is needed')
  .meta({ minProperties: 1 });

export const projectView = z
  .object({
    id: uuid,
    name: z.string(),
    /** Folder name below the library; fixed at creation, so that files never move. */
    slug,
    description: z.string(),
    gate_policy: gatePolicy,
    created_at: instant,
    updated_at: instant,
    archived_at: instant.nullable(),
  })
  .meta({ id: 'Project' });
export type ProjectView = z.infer<typeof projectView>;
