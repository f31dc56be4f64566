import { newId } from '@tower/kit';
import { promptOf, promptParts } from './character';
import type { Character } from './character.entity';

const projectId = newId();
const aCharacter = (facts: Partial<Character> = {}): Character => ({
  id: newId(),
  projectId,
  name: 'Аня',
  basePrompt: 'girl, red scarf',
  negativeTokens: ['hat'],
  createdAt: new Date(0),
  updatedAt: new Date(0),
  archivedAt: null,
  ...facts,
});

describe('promptOf', () => {
  it('is the description when there is one, else the name', () => {
    expect(promptOf(aCharacter())).toBe('girl, red scarf');
    expect(promptOf(aCharacter({ basePrompt: '' }))).toBe('Аня');
    expect(promptOf(aCharacter({ basePrompt: ' \n' }))).toBe('Аня');
  });
});

describe('promptParts', () => {
  it('keeps the order that was asked for, also of one asked for twice', () => {
    const [a, b] = [aCharacter(), aCharacter({ name: '花', basePrompt: '' })];
    expect(promptParts(projectId, [b.id, a.id, b.id], [a, b]).map((part) => part.prompt)).toEqual([
      '花',
      'girl, red scarf',
      '花',
    ]);
  });

  it('names the first that is missing', () => {
    const known = aCharacter();
    const [first, second] = [newId(), newId()];
    expect(() => promptParts(projectId, [known.id, first, second], [known])).toThrow(
      expect.objectContaining({
        kind: 'not_found',
        code: 'character_not_found',
        message: `there is no character ${first}`,
      }),
    );
  });

  it('does not tell a character of another project from one that is not there', () => {
    const stranger = aCharacter({ projectId: newId() });
    expect(() => promptParts(projectId, [stranger.id], [stranger])).toThrow(
      expect.objectContaining({ code: 'character_not_found' }),
    );
  });

  it('refuses more text than one answer carries', () => {
    const long = Array.from({ length: 8 }, () =>
      aCharacter({
        basePrompt: '花'.repeat(4_000),
        negativeTokens: Array.from({ length: 100 }, () => '悪'.repeat(200)),
      }),
    );
    expect(() =>
      promptParts(
        projectId,
        long.map(({ id }) => id),
        long,
      ),
    ).toThrow(expect.objectContaining({ kind: 'invalid', code: 'characters_too_long' }));
    expect(
      promptParts(
        projectId,
        long.slice(0, 5).map(({ id }) => id),
        long,
      ),
    ).toHaveLength(5);
  });

  it('refuses an archived one by name', () => {
    const gone = aCharacter({ archivedAt: new Date(1) });
    expect(() => promptParts(projectId, [gone.id], [gone])).toThrow(
      expect.objectContaining({
        kind: 'conflict',
        code: 'character_archived',
        message: expect.stringContaining('Аня') as string,
      }),
    );
  });
});
