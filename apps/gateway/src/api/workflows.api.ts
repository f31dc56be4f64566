import { Controller } from '@nestjs/common';
import { RequestClient } from '@tower/bus';
import {
  getWorkflowRequest,
  listWorkflowsRequest,
  routes,
  type RouteInput,
  type RouteOutput,
  type Routes,
  type WorkflowView,
} from '@tower/contracts';
import { Endpoint } from '../http/endpoint';

@Controller()
export class WorkflowsApi {
  constructor(private readonly services: RequestClient) {}

  @Endpoint(routes.listWorkflows)
  list({ query }: RouteInput<Routes['listWorkflows']>): Promise<RouteOutput<Routes['listWorkflows']>> {
    return this.services.ask(listWorkflowsRequest, query);
  }

  @Endpoint(routes.getWorkflow)
  get({ params }: RouteInput<Routes['getWorkflow']>): Promise<WorkflowView> {
    return this.services.ask(getWorkflowRequest, params);
  }
}
