import { Controller } from '@nestjs/common';
import { OnEvent, type Delivery } from '@tower/bus';
import { attemptRendered, type EventOf } from '@tower/contracts';
import { QualityService } from './quality.service';

@Controller()
export class QualityConsumer {
  constructor(private readonly quality: QualityService) {}

  @OnEvent(attemptRendered, { durable: 'quality', concurrency: 2, oneByOne: true })
  judge(event: EventOf<typeof attemptRendered>, delivery: Delivery): Promise<void> {
    return this.quality.judge(event, delivery);
  }
}
