import { Controller } from '@nestjs/common';
import { RequestClient } from '@tower/bus';
import {
  archiveProjectRequest,
  createProjectRequest,
  getProjectRequest,
  listProjectsRequest,
  routes,
  updateProjectRequest,
  type Page,
  type ProjectView,
  type RouteInput,
  type Routes,
} from '@tower/contracts';
import { creating } from '../http/creating';
import { Endpoint } from '../http/endpoint';
import { contextOf } from '../http/request-context';

@Controller()
export class ProjectsApi {
  constructor(private readonly services: RequestClient) {}

  @Endpoint(routes.createProject)
  create(input: RouteInput<Routes['createProject']>): Promise<ProjectView> {
    return creating(input, (context) => this.services.ask(createProjectRequest, { context, body: input.body }));
  }

  @Endpoint(routes.listProjects)
  list({ query }: RouteInput<Routes['listProjects']>): Promise<Page<ProjectView>> {
    return this.services.ask(listProjectsRequest, { ...query, include_archived: query.include_archived ?? false });
  }

  @Endpoint(routes.getProject)
  get({ params }: RouteInput<Routes['getProject']>): Promise<ProjectView> {
    return this.services.ask(getProjectRequest, params);
  }

  @Endpoint(routes.updateProject)
  update(input: RouteInput<Routes['updateProject']>): Promise<ProjectView> {
    return this.services.ask(updateProjectRequest, {
      context: contextOf(input),
      id: input.params.id,
      body: input.body,
    });
  }

  @Endpoint(routes.archiveProject)
  archive(input: RouteInput<Routes['archiveProject']>): Promise<ProjectView> {
    return this.services.ask(archiveProjectRequest, { context: contextOf(input), id: input.params.id });
  }
}
