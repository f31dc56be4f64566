import { z } from 'zod';
import { pageOf, pageQuery } from '../page';
import { uuid } from '../primitives';
import { createProjectBody, projectView, updateProjectBody } from '../project';
import { defineRequest, requestContext } from '../request';

export const createProjectRequest = defineRequest(
  'projects.v1.create_project',
  z.object({ context: requestContext, body: createProjectBody }),
  projectView,
  { creates: 'GET /projects' },
);
export const getProjectRequest = defineRequest('projects.v1.get_project', z.object({ id: uuid }), projectView);
export const listProjectsRequest = defineRequest(
  'projects.v1.list_projects',
  z.object({ ...pageQuery, include_archived: z.boolean().default(false) }),
  pageOf(projectView),
);
export const updateProjectRequest = defineRequest(
  'projects.v1.update_project',
  z.object({ context: requestContext, id: uuid, body: updateProjectBody }),
  projectView,
);
export const archiveProjectRequest = defineRequest(
  'projects.v1.archive_project',
  z.object({ context: requestContext, id: uuid }),
  projectView,
);
/** The project for work that names none; made on first use. */
export const getUnfiledProjectRequest = defineRequest(
  'projects.v1.get_unfiled_project',
  z.object({ context: requestContext }),
  projectView,
);
