import { Controller } from '@nestjs/common';
import { RequestClient } from '@tower/bus';
import {
  changeJobRequest,
  pauseJobRequest,
  resumeJobRequest,
  retryJobRequest,
  routes,
  type JobView,
  type RouteInput,
  type Routes,
} from '@tower/contracts';
import { creating } from '../http/creating';
import { Endpoint } from '../http/endpoint';
import { contextOf } from '../http/request-context';

/** What people do with a job that is there, beside cancelling it. */
@Controller()
export class JobSteeringApi {
  constructor(private readonly services: RequestClient) {}

  @Endpoint(routes.changeJob)
  change(input: RouteInput<Routes['changeJob']>): Promise<JobView> {
    return this.services.ask(changeJobRequest, { context: contextOf(input), ...input.params, body: input.body });
  }

  @Endpoint(routes.pauseJob)
  pause(input: RouteInput<Routes['pauseJob']>): Promise<JobView> {
    return this.services.ask(pauseJobRequest, { context: contextOf(input), ...input.params, body: input.body });
  }

  @Endpoint(routes.resumeJob)
  resume(input: RouteInput<Routes['resumeJob']>): Promise<JobView> {
    return this.services.ask(resumeJobRequest, { context: contextOf(input), ...input.params, body: input.body });
  }

  @Endpoint(routes.retryJob)
  retry(input: RouteInput<Routes['retryJob']>): Promise<JobView> {
    return creating(input, (context) => this.services.ask(retryJobRequest, { context, ...input.params }));
  }
}
