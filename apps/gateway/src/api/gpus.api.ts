import { Controller } from '@nestjs/common';
import { RequestClient } from '@tower/bus';
import { calibrateGpuRequest, routes, type CalibrationStarted, type RouteInput, type Routes } from '@tower/contracts';
import { creating } from '../http/creating';
import { Endpoint } from '../http/endpoint';

@Controller()
export class GpusApi {
  constructor(private readonly services: RequestClient) {}

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
