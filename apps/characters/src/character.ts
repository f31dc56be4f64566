import { maxPageBytes, type CharacterView, type getPromptPartsRequest, type OutputOf } from '@tower/contracts';
import { AppError, notFound } from '@tower/kit';
import type { Character } from './character.entity';

export type PromptPart = OutputOf<typeof getPromptPartsRequest>['characters'][number];

/** A character without a description of its own is still named in the prompt. */
export const promptOf = (character: Pick<Character, 'name' | 'basePrompt'>): string =>
  character.basePrompt.trim() === '' ? character.name : character.basePrompt;

/**
 * The prompt parts of `ids`, in their order. Refuses the first that is not among `found` (absent, or of another
 * project: the asker cannot tell which) or that is archived, and all of them when together they are too long for one
 * answer.
 */
export function promptParts(projectId: string, ids: readonly string[], found: readonly Character[]): PromptPart[] {
  const byId = new Map(
    found.filter((character) => character.projectId === projectId).map((character) => [character.id, character]),
  );
  const parts = ids.map((id) => {
    const character = byId.get(id);
    if (character === undefined) throw notFound('character', id);
    if (character.archivedAt !== null) throw characterArchivedError(character);
    return { id, name: character.name, prompt: promptOf(character), negative_tokens: character.negativeTokens };
  });
  if (Buffer.byteLength(JSON.stringify(parts)) <= maxPageBytes) return parts;
  throw new AppError(
    'invalid',
    'characters_too_long',
    `these ${ids.length} characters together add more text than any workflow takes; name ` +
      `fewer, or shorten their prompts and negative tokens`,
  );
}

export const characterArchivedError = ({ id, name }: Pick<Character, 'id' | 'name'>): AppError =>
  new AppError(
    'conflict',
    'character_archived',
    `character ${id} (${name}) is archived and cannot be used or changed`,
    { details: { id } },
  );

export const projectArchivedError = (projectId: string): AppError =>
  new AppError('conflict', 'project_archived', `project ${projectId} is archived and takes no new characters`, {
    details: { id: projectId },
  });

export const toCharacterView = (character: Character): CharacterView => ({
  id: character.id,
  project_id: character.projectId,
  name: character.name,
  base_prompt: character.basePrompt,
  negative_tokens: character.negativeTokens,
  created_at: character.createdAt.toISOString(),
  updated_at: character.updatedAt.toISOString(),
  archived_at: character.archivedAt?.toISOString() ?? null,
});
