import { Controller, Inject, type Type } from '@nestjs/common';
import { deadLetterRequestsOf, type DeadLetterRequests, type InputOf, type OutputOf } from '@tower/contracts';
import { DeadLetterBox } from './dead-letter-box';
import { OnRequest } from './on-request';

/** Answers questions about a service's dead letters; every service has one. */
export function deadLetterDesk(service: string): Type {
  const requests = deadLetterRequestsOf(service);

  @Controller()
  class DeadLetterDesk {
    constructor(@Inject(DeadLetterBox) private readonly box: DeadLetterBox) {}

    @OnRequest(requests.list)
    list(input: InputOf<DeadLetterRequests['list']>): Promise<OutputOf<DeadLetterRequests['list']>> {
      return this.box.list(input);
    }

    @OnRequest(requests.get)
    get({ id }: InputOf<DeadLetterRequests['get']>): Promise<OutputOf<DeadLetterRequests['get']>> {
      return this.box.get(id);
    }

    @OnRequest(requests.redrive)
    redrive({ ids }: InputOf<DeadLetterRequests['redrive']>): Promise<OutputOf<DeadLetterRequests['redrive']>> {
      return this.box.redrive(ids);
    }

    @OnRequest(requests.dismiss)
    dismiss({ ids }: InputOf<DeadLetterRequests['dismiss']>): Promise<OutputOf<DeadLetterRequests['dismiss']>> {
      return this.box.dismiss(ids);
    }
  }
  return DeadLetterDesk;
}
