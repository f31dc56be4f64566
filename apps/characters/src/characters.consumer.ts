import { Controller } from '@nestjs/common';
import { OnEvent } from '@tower/bus';
import { projectArchived, type EventOf } from '@tower/contracts';
import { CharactersService } from './characters.service';

@Controller()
export class CharactersConsumer {
  constructor(private readonly characters: CharactersService) {}

  @OnEvent(projectArchived, { durable: 'characters' })
  archiveWithProject(event: EventOf<typeof projectArchived>): Promise<void> {
    return this.characters.archiveWithProject(event);
  }
}
