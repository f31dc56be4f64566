import { Controller } from '@nestjs/common';
import { OnRequest } from '@tower/bus';
import {
  cancelJobRequest,
  estimateJobRequest,
  explainJobRequest,
  getArtifactRequest,
  getJobRequest,
  listJobArtifactsRequest,
  listJobDecisionsRequest,
  listJobEventsRequest,
  listJobParamsRequest,
  listJobsRequest,
  requestJobRequest,
  type ArtifactView,
  type EstimateAnswer,
  type InputOf,
  type JobAccepted,
  type JobDecision,
  type JobEventsPage,
  type JobExplanation,
  type JobParamsView,
  type JobSummary,
  type JobView,
  type Page,
} from '@tower/contracts';
import { EstimatesService } from './requests/estimates.service';
import { RequestsService } from './requests/requests.service';
import { DecisionsReader } from './views/decisions/decisions.reader';
import { JobsReader } from './views/jobs.reader';

@Controller()
export class JobsController {
  constructor(
    private readonly jobs: RequestsService,
    private readonly estimates: EstimatesService,
    private readonly reader: JobsReader,
    private readonly decided: DecisionsReader,
  ) {}

  @OnRequest(requestJobRequest)
  request(input: InputOf<typeof requestJobRequest>): Promise<JobAccepted> {
    return this.jobs.request(input);
  }

  @OnRequest(estimateJobRequest)
  estimate(input: InputOf<typeof estimateJobRequest>): Promise<EstimateAnswer> {
    return this.estimates.estimate(input);
  }

  @OnRequest(cancelJobRequest)
  cancel(input: InputOf<typeof cancelJobRequest>): Promise<JobView> {
    return this.jobs.cancel(input);
  }

  @OnRequest(getJobRequest)
  get(input: InputOf<typeof getJobRequest>): Promise<JobView> {
    return this.reader.get(input.id);
  }

  @OnRequest(explainJobRequest)
  explain(input: InputOf<typeof explainJobRequest>): Promise<JobExplanation> {
    return this.reader.explain(input.id);
  }

  @OnRequest(listJobDecisionsRequest)
  decisions(input: InputOf<typeof listJobDecisionsRequest>): Promise<Page<JobDecision>> {
    return this.decided.ofJob(input);
  }

  @OnRequest(listJobsRequest)
  list(input: InputOf<typeof listJobsRequest>): Promise<Page<JobSummary>> {
    return this.reader.list(input);
  }

  @OnRequest(listJobArtifactsRequest)
  artifacts(input: InputOf<typeof listJobArtifactsRequest>): Promise<Page<ArtifactView>> {
    return this.reader.artifacts(input);
  }

  @OnRequest(getArtifactRequest)
  artifact(input: InputOf<typeof getArtifactRequest>): Promise<ArtifactView> {
    return this.reader.artifact(input);
  }

  @OnRequest(listJobEventsRequest)
  events(input: InputOf<typeof listJobEventsRequest>): Promise<JobEventsPage> {
    return this.reader.events(input);
  }

  @OnRequest(listJobParamsRequest)
  params(input: InputOf<typeof listJobParamsRequest>): Promise<Page<JobParamsView>> {
    return this.reader.params(input);
  }
}
