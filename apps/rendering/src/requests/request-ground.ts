import { Inject, Injectable } from '@nestjs/common';
import { RequestClient } from '@tower/bus';
import {
  fullRequestOf,
  getProjectRequest,
  getPromptPartsRequest,
  getUnfiledProjectRequest,
  type GenerateRequest,
  type OutputOf,
  type ShortGenerateRequest,
} from '@tower/contracts';
import { AppError } from '@tower/kit';
import type { EntityManager } from 'typeorm';
import { knownChoices } from '../cards/known-choices';
import type { PlaceInLine } from '../planning/queue.queries';
import type { Snapshot } from '../planning/snapshot';
import { ANSWERS_SNAPSHOT, type SnapshotReader } from '../planning/snapshot-reader';
import { Catalogue } from '../workflows/catalogue';
import type { Workflow } from '../workflows/template/workflow-file';
import type { KnownChoices } from '../workflows/values/resolve-values';
import { InputFiles } from './input-files';
import { withStatedFamily } from './model-statement';
import { resolveRequest, type ResolvedRequest, type Wish } from './resolve-request';

/** What a request stands on: the cards and the line before it, its project, what its characters add. */
export interface Ground {
  snapshot: Snapshot;
  /** Asked for while the request is planned, which takes as long. */
  project: Promise<OutputOf<typeof getProjectRequest>>;
  parts: OutputOf<typeof getPromptPartsRequest>;
}

/** Finds out what a request stands on, and what it comes to there. */
@Injectable()
export class RequestGround {
  constructor(
    @Inject(ANSWERS_SNAPSHOT) private readonly snapshots: SnapshotReader,
    private readonly neighbours: RequestClient,
    private readonly workflows: Catalogue,
    private readonly inputs: InputFiles,
  ) {}

  /** What the older short form asks for; its project is the one for work that names none. */
  async full(short: ShortGenerateRequest, correlationId: string): Promise<GenerateRequest> {
    const project = await this.neighbours.ask(getUnfiledProjectRequest, { context: { correlationId } });
    return fullRequestOf(short, project.id);
  }

  /** As `under` for work that names neither project nor characters. */
  async unfiled(correlationId: string): Promise<Ground> {
    const [snapshot, project] = await Promise.all([
      this.snapshots.read(),
      this.neighbours.ask(getUnfiledProjectRequest, { context: { correlationId } }),
    ]);
    return { snapshot, project: Promise.resolve(project), parts: { characters: [] } };
  }

  /**
   * @throws AppError for a workflow that does not exist, and what the neighbours say of characters; what they say of
   * the project is in `project`
   */
  async under(body: GenerateRequest): Promise<Ground> {
    if (body.workflow !== undefined) this.workflows.get(body.workflow);
    const { project_id, character_ids } = body;
    const project = this.neighbours.ask(getProjectRequest, { id: project_id });
    // Whoever gets the ground asks for it; where there is none, the other reason is told.
    project.catch(() => undefined);
    const [snapshot, parts] = await Promise.all([
      this.snapshots.read(),
      character_ids.length === 0
        ? { characters: [] }
        : this.neighbours.ask(getPromptPartsRequest, { project_id, character_ids }),
    ]);
    return { snapshot, project, parts };
  }

  /** As `resolveRequest`, with the workflow that fits where none is named. */
  resolve(tx: EntityManager, wish: Wish, snapshot: Snapshot): Promise<ResolvedRequest> {
    const known = knownChoices(snapshot.gpus);
    return resolveRequest(tx, this.inputs, this.workflowFor(wish.request, snapshot, known), wish, known);
  }

  /**
   * About how many tasks wait before the end of the line of this rank, where these are more than the forecast looks at;
   * else null.
   */
  async lineBefore(snapshot: Snapshot, rank: number, now: Date): Promise<number | null> {
    if (!snapshot.isBeyondForecast(rank)) return null;
    const [before = null] = await this.snapshots.before([endOfRank(rank, now)]);
    return before;
  }

  private workflowFor(body: GenerateRequest, snapshot: Snapshot, known: KnownChoices): Workflow {
    if (body.workflow !== undefined) return this.workflows.get(body.workflow);
    const startImage = body.start_image !== undefined || body.parameters['start_image'] !== undefined;
    const { families } = withStatedFamily(known, body);
    return this.workflows.defaultFor(body.job_type, {
      startImage,
      modelName: body.model_name,
      families,
      cards: snapshot.cards,
    });
  }
}

/** Behind everything of this rank that waits now. */
const endOfRank = (rank: number, now: Date): PlaceInLine => ({
  rank,
  created_at: now,
  job_id: 'ffffffff-ffff-ffff-ffff-ffffffffffff',
  idx: 0,
});

/** No new work is taken for it. */
export const archivedProject = (id: string): AppError =>
  new AppError('conflict', 'project_archived', `project ${id} is archived; no new work is taken for it`);
