import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Gpu } from '../cards/card.entity';
import type { Attempt } from '../jobs/attempt.entity';
import { GenerationParams } from '../jobs/generation-params.entity';
import { Job } from '../jobs/job.entity';
import { Task } from '../jobs/task.entity';
import { Catalogue } from '../workflows/catalogue';
import { promisedResult } from '../workflows/values/planned-values';
import type { Rendered } from './output-store';

/** Reads together what an attempt's files are stored with. */
@Injectable()
export class RenderedFacts {
  constructor(
    private readonly db: DataSource,
    private readonly workflows: Catalogue,
  ) {}

  /** @throws AppError when the job's workflow is gone */
  async of(attempt: Attempt): Promise<Rendered> {
    const job = await this.db.manager.findOneByOrFail(Job, { id: attempt.jobId });
    const task = await this.db.manager.findOneByOrFail(Task, { id: attempt.taskId });
    const params = await this.db.manager.findOneByOrFail(GenerationParams, { attemptId: attempt.id });
    const gpu = await this.db.manager.findOneByOrFail(Gpu, { name: attempt.gpu });
    const workflow = this.workflows.get(job.workflow);
    const promised = promisedResult(workflow, job.parameters, attempt.plan);
    return { job, task, attempt, params, gpu, promised, workflow: workflow.file };
  }
}
