import { hostService } from '@tower/service';
import 'reflect-metadata';
import { characterEntities, CharactersModule } from './characters.module';

void hostService('characters', { module: CharactersModule, entities: characterEntities });
