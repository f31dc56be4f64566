import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Job } from '../jobs/job.entity';
import type { Attempt } from '../jobs/attempt.entity';
import { Catalogue } from '../workflows/catalogue';
import type { WorkflowFile } from '../workflows/template/workflow-file';

/** Which nodes of an attempt's graph make what is wanted of it. */
@Injectable()
export class JobOutputs {
  constructor(
    private readonly db: DataSource,
    private readonly workflows: Catalogue,
  ) {}

  /** @throws AppError when the job's workflow is gone */
  async of(attempt: Attempt): Promise<WorkflowFile['outputs']> {
    const job = await this.db.manager.findOneByOrFail(Job, { id: attempt.jobId });
    return this.workflows.get(job.workflow).file.outputs;
  }
}
