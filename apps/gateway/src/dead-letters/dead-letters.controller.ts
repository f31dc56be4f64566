import { Controller } from '@nestjs/common';
import { routes, type DeadLetterDetail, type RouteInput, type RouteOutput, type Routes } from '@tower/contracts';
import { Endpoint } from '../http/endpoint';
import { DeadLettersService } from './dead-letters.service';

@Controller()
export class DeadLettersController {
  constructor(private readonly letters: DeadLettersService) {}

  @Endpoint(routes.listDeadLetters)
  list({ query }: RouteInput<Routes['listDeadLetters']>): Promise<RouteOutput<Routes['listDeadLetters']>> {
    return this.letters.list(query);
  }

  @Endpoint(routes.getDeadLetter)
  get({ params }: RouteInput<Routes['getDeadLetter']>): Promise<DeadLetterDetail> {
    return this.letters.get(params.id);
  }

  @Endpoint(routes.redriveDeadLetters)
  redrive({ body }: RouteInput<Routes['redriveDeadLetters']>): Promise<RouteOutput<Routes['redriveDeadLetters']>> {
    return this.letters.redrive(body.ids);
  }

  @Endpoint(routes.dismissDeadLetters)
  dismiss({ body }: RouteInput<Routes['dismissDeadLetters']>): Promise<RouteOutput<Routes['dismissDeadLetters']>> {
    return this.letters.dismiss(body.ids);
  }
}
