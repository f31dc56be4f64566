import { Injectable } from '@nestjs/common';
import { RequestClient } from '@tower/bus';
import {
  estimateJobRequest,
  fullRequestOf,
  getJobQualityRequest,
  getJobRequest,
  getUnfiledProjectRequest,
  requestJobRequest,
  type EstimateAnswer,
  type GenerateRequest,
  type JobAccepted,
  type JobQualityView,
  type RequestContext,
  type RouteInput,
  type Routes,
} from '@tower/contracts';

type GenerateBody = RouteInput<Routes['generate']>['body'];

/** The job routes that ask more than one service. */
@Injectable()
export class JobsClient {
  constructor(private readonly services: RequestClient) {}

  async request(body: GenerateBody, context: RequestContext): Promise<JobAccepted> {
    return this.services.ask(requestJobRequest, { context, body: await this.toFullRequest(body, context) });
  }

  async estimate(body: GenerateBody, context: RequestContext): Promise<EstimateAnswer> {
    return this.services.ask(estimateJobRequest, { context, body: await this.toFullRequest(body, context) });
  }

  /** Quality knows no job without a verdict; whether the job exists only rendering can say. */
  async getQuality(jobId: string, page: RouteInput<Routes['getJobQuality']>['query']): Promise<JobQualityView> {
    const [, quality] = await Promise.all([
      this.services.ask(getJobRequest, { id: jobId }),
      this.services.ask(getJobQualityRequest, { ...page, job_id: jobId }),
    ]);
    return quality;
  }

  private async toFullRequest(body: GenerateBody, { correlationId }: RequestContext): Promise<GenerateRequest> {
    if (!('type' in body)) return body;
    const project = await this.services.ask(getUnfiledProjectRequest, { context: { correlationId } });
    return fullRequestOf(body, project.id);
  }
}
