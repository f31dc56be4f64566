import { Controller } from '@nestjs/common';
import { RequestClient } from '@tower/bus';
import {
  orderQueueRequest,
  pauseQueueRequest,
  resumeQueueRequest,
  routes,
  withdrawOrderRequest,
  type QueueOrderView,
  type QueuePauseView,
  type RouteInput,
  type Routes,
  type WithdrawnOrdersView,
} from '@tower/contracts';
import { Endpoint } from '../http/endpoint';
import { contextOf } from '../http/request-context';

@Controller()
export class QueueApi {
  constructor(private readonly services: RequestClient) {}

  @Endpoint(routes.orderQueue)
  order(input: RouteInput<Routes['orderQueue']>): Promise<QueueOrderView> {
    return this.services.ask(orderQueueRequest, { context: contextOf(input), body: input.body });
  }

  @Endpoint(routes.withdrawOrder)
  withdraw(input: RouteInput<Routes['withdrawOrder']>): Promise<WithdrawnOrdersView> {
    return this.services.ask(withdrawOrderRequest, { context: contextOf(input), id: input.params.id });
  }

  @Endpoint(routes.pauseQueue)
  pause(input: RouteInput<Routes['pauseQueue']>): Promise<QueuePauseView> {
    return this.services.ask(pauseQueueRequest, { context: contextOf(input), body: input.body });
  }

  @Endpoint(routes.resumeQueue)
  resume(input: RouteInput<Routes['resumeQueue']>): Promise<QueuePauseView> {
    return this.services.ask(resumeQueueRequest, { context: contextOf(input), body: input.body });
  }
}
