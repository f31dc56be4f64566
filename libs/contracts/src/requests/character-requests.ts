import { z } from 'zod';
import { characterView, createCharacterBody, updateCharacterBody } from '../character';
import { pageOf, pageQuery } from '../page';
import { uuid } from '../primitives';
import { defineRequest, requestContext } from '../request';

export const createCharacterRequest = defineRequest(
  'characters.v1.create_character',
  z.object({ context: requestContext, project_id: uuid, body: createCharacterBody }),
  characterView,
  { creates: 'GET /characters' },
);
export const getCharacterRequest = defineRequest('characters.v1.get_character', z.object({ id: uuid }), characterView);
export const listCharactersRequest = defineRequest(
  'characters.v1.list_characters',
  z.object({ ...pageQuery, project_id: uuid.optional(), include_archived: z.boolean().default(false) }),
  pageOf(characterView),
);
export const updateCharacterRequest = defineRequest(
  'characters.v1.update_character',
  z.object({ context: requestContext, id: uuid, body: updateCharacterBody }),
  characterView,
);
export const archiveCharacterRequest = defineRequest(
  'characters.v1.archive_character',
  z.object({ context: requestContext, id: uuid }),
  characterView,
);
/**
 * What several characters add to a prompt, in the order asked; `not_found` names the first id that is not there or
 * belongs to another project.
 */
export const getPromptPartsRequest = defineRequest(
  'characters.v1.get_prompt_parts',
  z.object({ project_id: uuid, character_ids: z.array(uuid).max(8) }),
  z.object({
    characters: z.array(
      z.object({ id: uuid, name: z.string(), prompt: z.string(), negative_tokens: z.array(z.string()) }),
    ),
  }),
);
