import { Controller } from '@nestjs/common';
import { OnCommand, OnEvent } from '@tower/bus';
import { attemptJudged, cancelJob, requestJob, type CommandOf, type EventOf } from '@tower/contracts';
import { CommandsService } from './commands.service';
import { JobsService } from './jobs.service';

@Controller()
export class JobsConsumer {
  constructor(
    private readonly jobs: JobsService,
    private readonly commands: CommandsService,
  ) {}

  @OnEvent(attemptJudged, { durable: 'rendering' })
  judged(event: EventOf<typeof attemptJudged>): Promise<void> {
    return this.jobs.settleVerdict(event);
  }

  @OnCommand(requestJob, { durable: 'rendering' })
  requestJob(command: CommandOf<typeof requestJob>): Promise<void> {
    return this.commands.requestJob(command);
  }

  @OnCommand(cancelJob, { durable: 'rendering' })
  cancelJob(command: CommandOf<typeof cancelJob>): Promise<void> {
    return this.commands.cancelJob(command);
  }
}
