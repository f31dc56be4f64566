import 'reflect-metadata';
import { hostService } from '@tower/bus';
import { characterEntities, CharactersModule } from './characters.module';

void hostService('characters', { module: CharactersModule, entities: characterEntities });
