import { Inject, Injectable } from '@nestjs/common';
import {
  projectArchived,
  projectCreated,
  projectUpdated,
  type archiveProjectRequest,
  type createProjectRequest,
  type InputOf,
  type listProjectsRequest,
  type Page,
  type ProjectView,
  type RequestContext,
  type updateProjectRequest,
} from '@tower/contracts';
import { decodeCursor, onceByKey, Outbox, toPage } from '@tower/db';
import { AppError, CLOCK, newId, notFound, type Clock } from '@tower/kit';
import { ANSWERS_DB } from '@tower/service';
import type { DataSource, EntityManager } from 'typeorm';
import { freeSlug, slugOf, toProjectView, unfiledSlug } from './project';
import { Project } from './project.entity';

@Injectable()
export class ProjectsService {
  constructor(
    @Inject(ANSWERS_DB) private readonly db: DataSource,
    private readonly outbox: Outbox,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  create({ context, body }: InputOf<typeof createProjectRequest>): Promise<ProjectView> {
    return this.db.transaction((tx) =>
      onceByKey(tx, 'create_project', context.idempotencyKey, body, async () => {
        const slug = await chooseSlug(tx, body.name);
        return this.insert(tx, context, {
          name: body.name,
          slug,
          description: body.description,
          gatePolicy: body.gate_policy,
        });
      }),
    );
  }

  async get(id: string): Promise<ProjectView> {
    return toProjectView(await getProject(this.db.manager, id));
  }

  async list(input: InputOf<typeof listProjectsRequest>): Promise<Page<ProjectView>> {
    const query = this.db.manager
      .createQueryBuilder(Project, 'project')
      .orderBy('project.id', 'DESC')
      .take(input.limit + 1);
    const after = decodeCursor(input.cursor);
    if (after !== null) query.andWhere('project.id < :after', { after });
    if (!input.include_archived) query.andWhere('project.archived_at is null');
    return toPage(await query.getMany(), input.limit, toProjectView);
  }

  update({ context, id, body }: InputOf<typeof updateProjectRequest>): Promise<ProjectView> {
    return this.db.transaction(async (tx) => {
      const project = await getProject(tx, id, 'for update');
      if (project.archivedAt !== null)
        throw new AppError('conflict', 'project_archived', `project ${id} is archived and cannot be changed`);
      const changed = {
        ...(body.name === undefined ? {} : { name: body.name }),
        ...(body.description === undefined ? {} : { description: body.description }),
        ...(body.gate_policy === undefined ? {} : { gatePolicy: body.gate_policy }),
      };
      const updated = await tx.save(Project, { ...project, ...changed, updatedAt: this.clock.now() });
      await this.outbox.add(
        tx,
        projectUpdated,
        { projectId: id, name: updated.name, changed: Object.keys(changed) },
        context,
      );
      return toProjectView(updated);
    });
  }

  /** Archiving twice is the same as once. */
  archive({ context, id }: InputOf<typeof archiveProjectRequest>): Promise<ProjectView> {
    return this.db.transaction(async (tx) => {
      const project = await getProject(tx, id, 'for update');
      if (project.archivedAt !== null) return toProjectView(project);
      if (project.slug === unfiledSlug)
        throw new AppError(
          'conflict',
          'project_reserved',
          'work that names no project goes to this one, so it cannot be archived',
        );
      const now = this.clock.now();
      const archived = await tx.save(Project, { ...project, archivedAt: now, updatedAt: now });
      await this.outbox.add(tx, projectArchived, { projectId: id }, context);
      return toProjectView(archived);
    });
  }

  /** Made on first use; the only project with the reserved folder name. */
  getUnfiled(context: RequestContext): Promise<ProjectView> {
    return this.db.transaction(async (tx) => {
      await lockSlugs(tx);
      const found = await tx.findOneBy(Project, { slug: unfiledSlug });
      if (found !== null) return toProjectView(found);
      return this.insert(tx, context, {
        name: 'Unfiled',
        slug: unfiledSlug,
        description: 'Work that named no project.',
        gatePolicy: 'advise',
      });
    });
  }

  private async insert(
    tx: EntityManager,
    context: RequestContext,
    facts: Pick<Project, 'name' | 'slug' | 'description' | 'gatePolicy'>,
  ): Promise<ProjectView> {
    const now = this.clock.now();
    const project = await tx.save(Project, { id: newId(), ...facts, createdAt: now, updatedAt: now, archivedAt: null });
    await this.outbox.add(
      tx,
      projectCreated,
      { projectId: project.id, name: project.name, slug: project.slug },
      context,
    );
    return toProjectView(project);
  }
}

/** A free folder name for a project that a person made; never the reserved one, also before that project exists. */
async function chooseSlug(tx: EntityManager, name: string): Promise<string> {
  await lockSlugs(tx);
  const wanted = slugOf(name);
  const rows: { slug: string }[] = await tx.query("select slug from project where slug = $1 or slug like $1 || '-%'", [
    wanted,
  ]);
  return freeSlug(wanted, new Set([unfiledSlug, ...rows.map((row) => row.slug)]));
}

/** Two projects of one name asked for at once must not choose the same folder. */
const lockSlugs = (tx: EntityManager): Promise<unknown> =>
  tx.query("select pg_advisory_xact_lock(hashtextextended('projects:slug', 0))");

async function getProject(tx: EntityManager, id: string, lock?: 'for update'): Promise<Project> {
  const project = await tx.findOne(Project, {
    where: { id },
    ...(lock ? { lock: { mode: 'pessimistic_write' } } : {}),
  });
  if (project === null) throw notFound('project', id);
  return project;
}
