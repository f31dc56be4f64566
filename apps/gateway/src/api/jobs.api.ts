import { Controller } from '@nestjs/common';
import { RequestClient } from '@tower/bus';
import {
  cancelJobRequest,
  explainJobRequest,
  getJobRequest,
  listJobArtifactsRequest,
  listJobDecisionsRequest,
  listJobEventsRequest,
  listJobParamsRequest,
  listJobsRequest,
  routes,
  type EstimateAnswer,
  type JobAccepted,
  type JobExplanation,
  type JobQualityView,
  type JobSummary,
  type JobView,
  type Page,
  type RouteInput,
  type RouteOutput,
  type Routes,
} from '@tower/contracts';
import { creating } from '../http/creating';
import { Endpoint } from '../http/endpoint';
import { contextOf } from '../http/request-context';
import { JobsClient } from './jobs.client';

@Controller()
export class JobsApi {
  constructor(
    private readonly services: RequestClient,
    private readonly jobs: JobsClient,
  ) {}

  @Endpoint(routes.generate)
  generate(input: RouteInput<Routes['generate']>): Promise<JobAccepted> {
    return creating(input, (context) => this.jobs.request(input.body, context));
  }

  @Endpoint(routes.estimate)
  estimate(input: RouteInput<Routes['estimate']>): Promise<EstimateAnswer> {
    return this.jobs.estimate(input.body, contextOf(input));
  }

  @Endpoint(routes.listJobs)
  list({ query: { type, ...query } }: RouteInput<Routes['listJobs']>): Promise<Page<JobSummary>> {
    return this.services.ask(listJobsRequest, { ...query, job_type: type });
  }

  @Endpoint(routes.getJob)
  get({ params }: RouteInput<Routes['getJob']>): Promise<JobView> {
    return this.services.ask(getJobRequest, params);
  }

  @Endpoint(routes.explainJob)
  explain({ params }: RouteInput<Routes['explainJob']>): Promise<JobExplanation> {
    return this.services.ask(explainJobRequest, params);
  }

  @Endpoint(routes.listJobDecisions)
  listDecisions({
    params,
    query,
  }: RouteInput<Routes['listJobDecisions']>): Promise<RouteOutput<Routes['listJobDecisions']>> {
    return this.services.ask(listJobDecisionsRequest, { ...query, id: params.id });
  }

  @Endpoint(routes.cancelJob)
  cancel(input: RouteInput<Routes['cancelJob']>): Promise<JobView> {
    return this.services.ask(cancelJobRequest, {
      context: contextOf(input),
      id: input.params.id,
      reason: input.body.reason,
    });
  }

  @Endpoint(routes.listJobArtifacts)
  listArtifacts({
    params,
    query,
  }: RouteInput<Routes['listJobArtifacts']>): Promise<RouteOutput<Routes['listJobArtifacts']>> {
    return this.services.ask(listJobArtifactsRequest, { ...query, id: params.id });
  }

  @Endpoint(routes.listJobEvents)
  listEvents({ params, query }: RouteInput<Routes['listJobEvents']>): Promise<RouteOutput<Routes['listJobEvents']>> {
    return this.services.ask(listJobEventsRequest, { ...query, id: params.id });
  }

  @Endpoint(routes.listJobParams)
  listParams({ params, query }: RouteInput<Routes['listJobParams']>): Promise<RouteOutput<Routes['listJobParams']>> {
    return this.services.ask(listJobParamsRequest, { ...query, id: params.id });
  }

  @Endpoint(routes.getJobQuality)
  getQuality({ params, query }: RouteInput<Routes['getJobQuality']>): Promise<JobQualityView> {
    return this.jobs.getQuality(params.id, query);
  }
}
