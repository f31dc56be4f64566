import type { ProjectView } from '@tower/contracts';
import type { Project } from './project.entity';

/** The project that work goes to when it names none. */
export const unfiledSlug = 'unfiled';

const maxSlugLength = 60;

/** Names that Windows gives to devices; a folder of that name cannot be made there. */
const deviceName = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])$/;

/**
 * A folder name that every file system takes: lower-case ASCII letters, digits and single hyphens, at most 60
 * characters. Names without any such character (写真) become `project`.
 */
export function slugOf(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase();
  const slug = plain
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, maxSlugLength)
    .replace(/^-+|-+$/g, '');
  if (deviceName.test(slug)) return `${slug}-project`;
  return slug === '' ? 'project' : slug;
}

/** The first of `slug`, `slug-2`, `slug-3`, … that is not taken. */
export function freeSlug(slug: string, taken: ReadonlySet<string>): string {
  if (!taken.has(slug)) return slug;
  for (let n = 2; ; n++) if (!taken.has(`${slug}-${n}`)) return `${slug}-${n}`;
}

export const toProjectView = (project: Project): ProjectView => ({
  id: project.id,
  name: project.name,
  slug: project.slug,
  description: project.description,
  gate_policy: project.gatePolicy,
  created_at: project.createdAt.toISOString(),
  updated_at: project.updatedAt.toISOString(),
  archived_at: project.archivedAt?.toISOString() ?? null,
});
