import { z } from 'zod';
import { instant, line, text, uuid } from './primitives';

export const createCharacterBody = z.strictObject({
  name: line(200),
  base_prompt: text(4000).default(''),
  negative_tokens: z.array(line(200)).max(100).default([]),
});

export const updateCharacterBody = z
  .strictObject({
    name: line(200).optional(),
    base_prompt: text(4000).optional(),
    negative_tokens: z.array(line(200)).max(100).optional(),
  })
  .refine((body) => Object.keys(body).length > 0, 'at least one field is needed')
  .meta({ minProperties: 1 });

export const characterView = z
  .object({
    id: uuid,
    project_id: uuid,
    name: z.string(),
    base_prompt: z.string(),
    negative_tokens: z.array(z.string()),
    created_at: instant,
    updated_at: instant,
    archived_at: instant.nullable(),
  })
  .meta({ id: 'Character' });
export type CharacterView = z.infer<typeof characterView>;
