import { Controller } from '@nestjs/common';
import { OnRequest } from '@tower/bus';
import {
  archiveProjectRequest,
  createProjectRequest,
  getProjectRequest,
  getUnfiledProjectRequest,
  listProjectsRequest,
  updateProjectRequest,
  type InputOf,
  type Page,
  type ProjectView,
} from '@tower/contracts';
import { ProjectsService } from './projects.service';

@Controller()
export class ProjectsController {
  constructor(private readonly projects: ProjectsService) {}

  @OnRequest(createProjectRequest)
  create(input: InputOf<typeof createProjectRequest>): Promise<ProjectView> {
    return this.projects.create(input);
  }

  @OnRequest(getProjectRequest)
  get(input: InputOf<typeof getProjectRequest>): Promise<ProjectView> {
    return this.projects.get(input.id);
  }

  @OnRequest(listProjectsRequest)
  list(input: InputOf<typeof listProjectsRequest>): Promise<Page<ProjectView>> {
    return this.projects.list(input);
  }

  @OnRequest(updateProjectRequest)
  update(input: InputOf<typeof updateProjectRequest>): Promise<ProjectView> {
    return this.projects.update(input);
  }

  @OnRequest(archiveProjectRequest)
  archive(input: InputOf<typeof archiveProjectRequest>): Promise<ProjectView> {
    return this.projects.archive(input);
  }

  @OnRequest(getUnfiledProjectRequest)
  getUnfiled(input: InputOf<typeof getUnfiledProjectRequest>): Promise<ProjectView> {
    return this.projects.getUnfiled(input.context);
  }
}
