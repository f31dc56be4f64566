import { Controller } from '@nestjs/common';
import { RequestClient } from '@tower/bus';
import {
  archiveCharacterRequest,
  createCharacterRequest,
  getCharacterRequest,
  listCharactersRequest,
  routes,
  updateCharacterRequest,
  type CharacterView,
  type Page,
  type RouteInput,
  type Routes,
} from '@tower/contracts';
import { creating } from '../http/creating';
import { Endpoint } from '../http/endpoint';
import { contextOf } from '../http/request-context';

@Controller()
export class CharactersApi {
  constructor(private readonly services: RequestClient) {}

  @Endpoint(routes.createCharacter)
  create(input: RouteInput<Routes['createCharacter']>): Promise<CharacterView> {
    return creating(input, (context) =>
      this.services.ask(createCharacterRequest, { context, project_id: input.params.id, body: input.body }),
    );
  }

  @Endpoint(routes.listProjectCharacters)
  listOfProject({ params, query }: RouteInput<Routes['listProjectCharacters']>): Promise<Page<CharacterView>> {
    return this.services.ask(listCharactersRequest, {
      ...query,
      project_id: params.id,
      include_archived: query.include_archived ?? false,
    });
  }

  @Endpoint(routes.listCharacters)
  list({ query }: RouteInput<Routes['listCharacters']>): Promise<Page<CharacterView>> {
    return this.services.ask(listCharactersRequest, { ...query, include_archived: query.include_archived ?? false });
  }

  @Endpoint(routes.getCharacter)
  get({ params }: RouteInput<Routes['getCharacter']>): Promise<CharacterView> {
    return this.services.ask(getCharacterRequest, params);
  }

  @Endpoint(routes.updateCharacter)
  update(input: RouteInput<Routes['updateCharacter']>): Promise<CharacterView> {
    return this.services.ask(updateCharacterRequest, {
      context: contextOf(input),
      id: input.params.id,
      body: input.body,
    });
  }

  @Endpoint(routes.archiveCharacter)
  archive(input: RouteInput<Routes['archiveCharacter']>): Promise<CharacterView> {
    return this.services.ask(archiveCharacterRequest, { context: contextOf(input), id: input.params.id });
  }
}
