import { Controller } from '@nestjs/common';
import { OnRequest } from '@tower/bus';
import {
  archiveCharacterRequest,
  createCharacterRequest,
  getCharacterRequest,
  getPromptPartsRequest,
  listCharactersRequest,
  updateCharacterRequest,
  type CharacterView,
  type InputOf,
  type OutputOf,
  type Page,
} from '@tower/contracts';
import { CharactersService } from './characters.service';

@Controller()
export class CharactersController {
  constructor(private readonly characters: CharactersService) {}

  @OnRequest(createCharacterRequest)
  create(input: InputOf<typeof createCharacterRequest>): Promise<CharacterView> {
    return this.characters.create(input);
  }

  @OnRequest(getCharacterRequest)
  get(input: InputOf<typeof getCharacterRequest>): Promise<CharacterView> {
    return this.characters.get(input.id);
  }

  @OnRequest(listCharactersRequest)
  list(input: InputOf<typeof listCharactersRequest>): Promise<Page<CharacterView>> {
    return this.characters.list(input);
  }

  @OnRequest(updateCharacterRequest)
  update(input: InputOf<typeof updateCharacterRequest>): Promise<CharacterView> {
    return this.characters.update(input);
  }

  @OnRequest(archiveCharacterRequest)
  archive(input: InputOf<typeof archiveCharacterRequest>): Promise<CharacterView> {
    return this.characters.archive(input);
  }

  @OnRequest(getPromptPartsRequest)
  getPromptParts(input: InputOf<typeof getPromptPartsRequest>): Promise<OutputOf<typeof getPromptPartsRequest>> {
    return this.characters.getPromptParts(input);
  }
}
