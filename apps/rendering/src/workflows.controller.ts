import { Controller } from '@nestjs/common';
import { OnRequest } from '@tower/bus';
import {
  getWorkflowRequest,
  listWorkflowsRequest,
  type InputOf,
  type Page,
  type WorkflowSummary,
  type WorkflowView,
} from '@tower/contracts';
import { WorkflowsService } from './views/workflows.service';

@Controller()
export class WorkflowsController {
  constructor(private readonly workflows: WorkflowsService) {}

  @OnRequest(listWorkflowsRequest)
  list(input: InputOf<typeof listWorkflowsRequest>): Promise<Page<WorkflowSummary>> {
    return this.workflows.list(input);
  }

  @OnRequest(getWorkflowRequest)
  get(input: InputOf<typeof getWorkflowRequest>): Promise<WorkflowView> {
    return this.workflows.get(input.name);
  }
}
