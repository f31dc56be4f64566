import { z } from 'zod';
import { defineEvent } from '../event';
import { slug, uuid } from '../primitives';

export const projectCreated = defineEvent(
  'projects.v1.project_created',
  z.object({ projectId: uuid, name: z.string(), slug }),
  (project) => project.projectId,
);
export const projectUpdated = defineEvent(
  'projects.v1.project_updated',
  z.object({ projectId: uuid, name: z.string(), changed: z.array(z.string()) }),
  (project) => project.projectId,
);
export const projectArchived = defineEvent(
  'projects.v1.project_archived',
  z.object({ projectId: uuid }),
  (project) => project.projectId,
);
