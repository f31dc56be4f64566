import { Controller } from '@nestjs/common';
import { OnCommand, OnEvent, OnRefusedCommand, type Delivery, type RefusedCommand } from '@tower/bus';
import { attemptJudged, cancelJob, requestJob, type CommandOf, type EventOf } from '@tower/contracts';
import { ResultsService } from './attempts/results.service';
import { CommandsService } from './requests/commands.service';

@Controller()
export class JobsConsumer {
  constructor(
    private readonly results: ResultsService,
    private readonly commands: CommandsService,
  ) {}

  @OnEvent(attemptJudged, { durable: 'rendering' })
  judged(event: EventOf<typeof attemptJudged>): Promise<void> {
    return this.results.settleVerdict(event);
  }

  @OnCommand(requestJob, { durable: 'rendering' })
  requestJob(command: CommandOf<typeof requestJob>, delivery: Delivery): Promise<void> {
    return this.commands.requestJob(command, delivery.place);
  }

  @OnCommand(cancelJob, { durable: 'rendering' })
  cancelJob(command: CommandOf<typeof cancelJob>, delivery: Delivery): Promise<void> {
    return this.commands.cancelJob(command, delivery.place);
  }

  @OnRefusedCommand('rendering', { durable: 'rendering' })
  refused(command: RefusedCommand): Promise<void> {
    return this.commands.refused(command);
  }
}
