import { Controller } from '@nestjs/common';
import { OnEvent, type Delivery } from '@tower/bus';
import { topology, type Envelope } from '@tower/contracts';
import { FeedService } from './feed.service';

@Controller()
export class FeedConsumer {
  constructor(private readonly feed: FeedService) {}

  /** One durable for all, so that each stream's order is kept. */
  @OnEvent(topology.gateway.consumes, { durable: 'gateway' })
  record(event: Envelope<unknown>, delivery: Delivery): Promise<void> {
    return this.feed.record(event, delivery);
  }
}
