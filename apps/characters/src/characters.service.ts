import { Inject, Injectable } from '@nestjs/common';
import { RequestClient } from '@tower/bus';
import {
  characterArchived,
  characterCreated,
  characterUpdated,
  getProjectRequest,
  type archiveCharacterRequest,
  type CharacterView,
  type createCharacterRequest,
  type EventOf,
  type getPromptPartsRequest,
  type InputOf,
  type listCharactersRequest,
  type OutputOf,
  type Page,
  type projectArchived,
  type updateCharacterRequest,
} from '@tower/contracts';
import { decodeCursor, earlierAnswer, handleOnce, onceByKey, Outbox, toPage } from '@tower/db';
import { CLOCK, newId, notFound, type Clock } from '@tower/kit';
import { ANSWERS_DB } from '@tower/service';
import { DataSource, In, IsNull, type EntityManager } from 'typeorm';
import { characterArchivedError, projectArchivedError, promptParts, toCharacterView } from './character';
import { ArchivedProject, Character } from './character.entity';

const createScope = 'create_character';

@Injectable()
export class CharactersService {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly requests: RequestClient,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(ANSWERS_DB) private readonly answersDb: DataSource,
  ) {}

  async create({ context, project_id, body }: InputOf<typeof createCharacterRequest>): Promise<CharacterView> {
    const request = { project_id, body };
    // A repeat gets its first answer also when the project has been archived since, or `projects` is away.
    const earlier = await earlierAnswer<CharacterView>(
      this.answersDb.manager,
      createScope,
      context.idempotencyKey,
      request,
    );
    if (earlier !== undefined) return earlier;
    // Asked outside the transaction: a question to another service must not keep a connection and its locks waiting.
    await this.requireOpenProject(project_id);
    return this.answersDb.transaction((tx) =>
      onceByKey(tx, createScope, context.idempotencyKey, request, async () => {
        await lockProject(tx, project_id);
        if (await tx.existsBy(ArchivedProject, { projectId: project_id })) throw projectArchivedError(project_id);
        const now = this.clock.now();
        const character = tx.create(Character, {
          id: newId(),
          projectId: project_id,
          name: body.name,
          basePrompt: body.base_prompt,
          negativeTokens: body.negative_tokens,
          createdAt: now,
          updatedAt: now,
          archivedAt: null,
        });
        await tx.insert(Character, character);
        await this.outbox.add(
          tx,
          characterCreated,
          { characterId: character.id, projectId: project_id, name: character.name },
          context,
        );
        return toCharacterView(character);
      }),
    );
  }

  async get(id: string): Promise<CharacterView> {
    return toCharacterView(await getCharacter(this.answersDb.manager, id));
  }

  async list(input: InputOf<typeof listCharactersRequest>): Promise<Page<CharacterView>> {
    const query = this.answersDb.manager
      .createQueryBuilder(Character, 'character')
      .orderBy('character.id', 'DESC')
      .take(input.limit + 1);
    const after = decodeCursor(input.cursor);
    if (after !== null) query.andWhere('character.id < :after', { after });
    if (input.project_id !== undefined)
      query.andWhere('character.project_id = :project', { project: input.project_id });
    if (!input.include_archived) query.andWhere('character.archived_at is null');
    return toPage(await query.getMany(), input.limit, toCharacterView);
  }

  update({ context, id, body }: InputOf<typeof updateCharacterRequest>): Promise<CharacterView> {
    return this.answersDb.transaction(async (tx) => {
      const character = await getCharacter(tx, id, 'for update');
      if (character.archivedAt !== null) throw characterArchivedError(character);
      const changed = {
        ...(body.name === undefined ? {} : { name: body.name }),
        ...(body.base_prompt === undefined ? {} : { basePrompt: body.base_prompt }),
        ...(body.negative_tokens === undefined ? {} : { negativeTokens: body.negative_tokens }),
      };
      const updated = await tx.save(Character, { ...character, ...changed, updatedAt: this.clock.now() });
      await this.outbox.add(
        tx,
        characterUpdated,
        { characterId: id, projectId: character.projectId, changed: Object.keys(changed) },
        context,
      );
      return toCharacterView(updated);
    });
  }

  /** Archiving twice is the same as once. */
  archive({ context, id }: InputOf<typeof archiveCharacterRequest>): Promise<CharacterView> {
    return this.answersDb.transaction(async (tx) => {
      const character = await getCharacter(tx, id, 'for update');
      if (character.archivedAt !== null) return toCharacterView(character);
      const now = this.clock.now();
      const archived = await tx.save(Character, { ...character, archivedAt: now, updatedAt: now });
      await this.outbox.add(tx, characterArchived, { characterId: id, projectId: character.projectId }, context);
      return toCharacterView(archived);
    });
  }

  async getPromptParts({
    project_id,
    character_ids,
  }: InputOf<typeof getPromptPartsRequest>): Promise<OutputOf<typeof getPromptPartsRequest>> {
    const found = await this.answersDb.manager.findBy(Character, { id: In(character_ids) });
    return { characters: promptParts(project_id, character_ids, found) };
  }

  /** Nobody can use a closed project's characters, so they are archived with it. */
  async archiveWithProject({ id, correlationId, data }: EventOf<typeof projectArchived>): Promise<void> {
    const { projectId } = data;
    await handleOnce(this.db, 'characters', id, async (tx) => {
      await lockProject(tx, projectId);
      const now = this.clock.now();
      await tx.query('insert into archived_project (project_id, archived_at) values ($1, $2) on conflict do nothing', [
        projectId,
        now,
      ]);
      const open = await tx.find(Character, {
        select: { id: true },
        where: { projectId, archivedAt: IsNull() },
        order: { id: 'asc' },
        lock: { mode: 'pessimistic_write' },
      });
      if (open.length === 0) return;
      await tx.update(
        Character,
        { id: In(open.map((character) => character.id)) },
        { archivedAt: now, updatedAt: now },
      );
      for (const character of open)
        await this.outbox.add(
          tx,
          characterArchived,
          { characterId: character.id, projectId },
          { correlationId, causationId: id },
        );
    });
  }

  private async requireOpenProject(projectId: string): Promise<void> {
    const project = await this.requests.ask(getProjectRequest, { id: projectId });
    if (project.archived_at !== null) throw projectArchivedError(projectId);
  }
}

/**
 * A character that joins a project and the project's archiving happen one after the other, so that none is left behind.
 */
const lockProject = (tx: EntityManager, projectId: string): Promise<unknown> =>
  tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`characters:project:${projectId}`]);

async function getCharacter(tx: EntityManager, id: string, lock?: 'for update'): Promise<Character> {
  const character = await tx.findOne(Character, {
    where: { id },
    ...(lock ? { lock: { mode: 'pessimistic_write' } } : {}),
  });
  if (character === null) throw notFound('character', id);
  return character;
}
