import { Inject, Injectable } from '@nestjs/common';
import { ANSWERS_DB } from '@tower/bus';
import type { WorkflowCardView, WorkflowSummary, WorkflowView } from '@tower/contracts';
import { notFound } from '@tower/kit';
import type { DataSource } from 'typeorm';
import type { Gpu } from '../gpus/gpu.entity';
import { knownChoices } from '../jobs/job-request';
import { configuredGpus } from '../scheduling/queue.queries';
import { VramMemory } from '../scheduling/vram-memory';
import { neededMb, type VramNeed } from '../scheduling/vram-need';
import { toCardStock } from './card-stock';
import { promisedResult } from './planned-values';
import type { LearntNeed } from './standing';
import type { Workflow } from './workflow-file';
import { WorkflowLibrary } from './workflow-library';
import { toCardView, toWorkflowSummary, toWorkflowView } from './workflow-view';

/** What can be made, and where. */
@Injectable()
export class WorkflowsService {
  constructor(
    @Inject(ANSWERS_DB) private readonly db: DataSource,
    private readonly workflows: WorkflowLibrary,
    private readonly vram: VramMemory,
  ) {}

  async list(): Promise<{ items: WorkflowSummary[] }> {
    const [gpus, needs] = await this.state();
    return { items: this.workflows.all().map((workflow) => toWorkflowSummary(workflow, cardsOf(workflow, gpus, needs))) };
  }

  /** Throws `workflow_not_found`. */
  async get(name: string): Promise<WorkflowView> {
    const workflow = this.workflows.all().find((candidate) => candidate.file.name === name);
    if (!workflow) throw notFound('workflow', name);
    const [gpus, needs] = await this.state();
    return toWorkflowView(workflow, cardsOf(workflow, gpus, needs), knownChoices(gpus));
  }

  private state(): Promise<[Gpu[], VramNeed[]]> {
    return Promise.all([configuredGpus(this.db.manager), this.vram.all(this.db.manager)]);
  }
}

function cardsOf(workflow: Workflow, gpus: readonly Gpu[], needs: readonly VramNeed[]): WorkflowCardView[] {
  const learnt: LearntNeed = ({ file, graph }, values) => {
    const { width, height, frames } = promisedResult({ file, graph }, values);
    return neededMb(needs, { workflow: file.name, modelName: String(values['model_name'] ?? ''), width, height, frames, steps: [] });
  };
  return gpus.map((gpu) => toCardView(workflow, toCardStock(gpu), learnt));
}
