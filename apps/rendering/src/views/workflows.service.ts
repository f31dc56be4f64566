import { Inject, Injectable } from '@nestjs/common';
import type {
  InputOf,
  listWorkflowsRequest,
  Page,
  WorkflowCardView,
  WorkflowSummary,
  WorkflowView,
} from '@tower/contracts';
import { decodeCursor, toPage, unknownCursor } from '@tower/db';
import { notFound } from '@tower/kit';
import { ANSWERS_DB } from '@tower/service';
import type { DataSource } from 'typeorm';
import { v5 } from 'uuid';
import { cardOf } from '../cards/card';
import type { Gpu } from '../cards/card.entity';
import { knownChoices } from '../cards/known-choices';
import { neededMb, type MemoryNeed } from '../planning/memory/memory-need';
import { MemoryStore } from '../planning/memory/memory-store';
import { configuredGpus } from '../planning/queue.queries';
import { Catalogue } from '../workflows/catalogue';
import type { LearntNeed } from '../workflows/compatibility/compatibility';
import type { Workflow } from '../workflows/template/workflow-file';
import { promisedResult } from '../workflows/values/planned-values';
import { toCardView, toWorkflowSummary, toWorkflowView } from './workflow-view';

/** What can be made, and where. */
@Injectable()
export class WorkflowsService {
  constructor(
    @Inject(ANSWERS_DB) private readonly db: DataSource,
    private readonly workflows: Catalogue,
    private readonly memory: MemoryStore,
  ) {}

  /** By name. A cursor whose workflow was taken away meanwhile is refused. */
  async list({ limit, cursor }: InputOf<typeof listWorkflowsRequest>): Promise<Page<WorkflowSummary>> {
    const [gpus, needs] = await this.state();
    const rows = this.workflows.all().map((workflow) => ({ id: idOf(workflow), workflow }));
    const after = decodeCursor(cursor);
    const start = after === null ? 0 : rows.findIndex((row) => row.id === after) + 1;
    if (after !== null && start === 0) throw unknownCursor();
    return toPage(rows.slice(start, start + limit + 1), limit, ({ workflow }) =>
      toWorkflowSummary(workflow, cardsOf(workflow, gpus, needs)),
    );
  }

  /** Throws `workflow_not_found`. */
  async get(name: string): Promise<WorkflowView> {
    const workflow = this.workflows.all().find((candidate) => candidate.file.name === name);
    if (!workflow) throw notFound('workflow', name);
    const [gpus, needs] = await this.state();
    return toWorkflowView(workflow, cardsOf(workflow, gpus, needs), knownChoices(gpus));
  }

  private state(): Promise<[Gpu[], MemoryNeed[]]> {
    return Promise.all([configuredGpus(this.db.manager), this.memory.all(this.db.manager)]);
  }
}

/** Workflows have names and no ids; cursors are made of ids. */
const idOf = ({ file }: Workflow): string => v5(file.name, workflowNamespace);
const workflowNamespace = '3c1f0f0e-6a0e-5b53-9a55-0f6d0a3f6a6d';

function cardsOf(workflow: Workflow, gpus: readonly Gpu[], needs: readonly MemoryNeed[]): WorkflowCardView[] {
  const learnt: LearntNeed = ({ file, graph }, values) => {
    const { width, height, frames } = promisedResult({ file, graph }, values);
    return neededMb(needs, {
      workflow: file.name,
      modelName: String(values['model_name'] ?? ''),
      width,
      height,
      frames,
      changes: [],
    });
  };
  return gpus.map((gpu) => toCardView(workflow, cardOf(gpu), learnt));
}
