import { Module } from '@nestjs/common';
import { ArchivedProject, Character } from './character.entity';
import { CharactersConsumer } from './characters.consumer';
import { CharactersController } from './characters.controller';
import { CharactersService } from './characters.service';

export const characterEntities = [Character, ArchivedProject];

@Module({ controllers: [CharactersController, CharactersConsumer], providers: [CharactersService] })
export class CharactersModule {}
