import { Controller } from '@nestjs/common';
import { RequestClient } from '@tower/bus';
import {
  calibrateGpuRequest,
  claimGpuMemoryRequest,
  drainGpuRequest,
  getGpuRequest,
  listGpusRequest,
  releaseGpuClaimsRequest,
  resumeGpuRequest,
  routes,
  type CalibrationStarted,
  type ClaimView,
  type GpuDetailView,
  type ReleasedView,
  type RouteInput,
  type RouteOutput,
  type Routes,
} from '@tower/contracts';
import { AppError } from '@tower/kit';
import { creating } from '../http/creating';
import { Endpoint } from '../http/endpoint';
import { contextOf } from '../http/request-context';

@Controller()
export class GpusApi {
  constructor(private readonly services: RequestClient) {}

  @Endpoint(routes.listGpus)
  list({ query }: RouteInput<Routes['listGpus']>): Promise<RouteOutput<Routes['listGpus']>> {
    return this.services.ask(listGpusRequest, query);
  }

  @Endpoint(routes.getGpu)
  get({ params }: RouteInput<Routes['getGpu']>): Promise<GpuDetailView> {
    return this.services.ask(getGpuRequest, params);
  }

  @Endpoint(routes.drainGpu)
  drain(input: RouteInput<Routes['drainGpu']>): Promise<GpuDetailView> {
    return this.services.ask(drainGpuRequest, { context: contextOf(input), ...input.params, body: input.body });
  }

  @Endpoint(routes.resumeGpu)
  resume(input: RouteInput<Routes['resumeGpu']>): Promise<GpuDetailView> {
    return this.services.ask(resumeGpuRequest, { context: contextOf(input), ...input.params, body: input.body });
  }

  @Endpoint(routes.claimGpuMemory)
  claim(input: RouteInput<Routes['claimGpuMemory']>): Promise<ClaimView> {
    return creating(input, (context) =>
      this.services.ask(claimGpuMemoryRequest, { context, ...input.params, body: input.body }),
    );
  }

  @Endpoint(routes.releaseGpuClaims)
  releaseAll(input: RouteInput<Routes['releaseGpuClaims']>): Promise<ReleasedView> {
    return this.services.ask(releaseGpuClaimsRequest, { context: contextOf(input), ...input.params, ...input.query });
  }

  @Endpoint(routes.releaseGpuClaim)
  async release(input: RouteInput<Routes['releaseGpuClaim']>): Promise<ClaimView> {
    const { name, id } = input.params;
    const { released } = await this.services.ask(releaseGpuClaimsRequest, {
      context: contextOf(input),
      name,
      claim_id: id,
    });
    const [claim] = released;
    if (claim === undefined) throw new AppError('internal', 'claim_not_told', `nothing was told of claim ${id}`);
    return claim;
  }

  @Endpoint(routes.calibrateGpu)
  calibrate(input: RouteInput<Routes['calibrateGpu']>): Promise<CalibrationStarted> {
    const { params, body } = input;
    return creating(input, (context) =>
      this.services.ask(calibrateGpuRequest, {
        context,
        gpu: params.name,
        ...(body.workflow === undefined ? {} : { workflow: body.workflow }),
      }),
    );
  }
}
