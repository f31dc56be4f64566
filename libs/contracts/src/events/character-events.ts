import { z } from 'zod';
import { defineEvent } from '../event';
import { uuid } from '../primitives';

export const characterCreated = defineEvent(
  'characters.v1.character_created',
  z.object({ characterId: uuid, projectId: uuid, name: z.string() }),
  (character) => character.characterId,
);
export const characterUpdated = defineEvent(
  'characters.v1.character_updated',
  z.object({ characterId: uuid, projectId: uuid, changed: z.array(z.string()) }),
  (character) => character.characterId,
);
export const characterArchived = defineEvent(
  'characters.v1.character_archived',
  z.object({ characterId: uuid, projectId: uuid }),
  (character) => character.characterId,
);
