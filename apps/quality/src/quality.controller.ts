import { Controller } from '@nestjs/common';
import { BusConnection, OnRequest, settledThrough } from '@tower/bus';
import {
  eventStream,
  findVerdictsRequest,
  getJobQualityRequest,
  type InputOf,
  type JobQualityView,
  type OutputOf,
} from '@tower/contracts';
import { VerdictsReader } from './verdicts.reader';

@Controller()
export class QualityController {
  constructor(
    private readonly verdicts: VerdictsReader,
    private readonly bus: BusConnection,
  ) {}

  @OnRequest(getJobQualityRequest)
  getJobQuality(input: InputOf<typeof getJobQualityRequest>): Promise<JobQualityView> {
    return this.verdicts.getJobQuality(input);
  }

  @OnRequest(findVerdictsRequest)
  async findVerdicts(input: InputOf<typeof findVerdictsRequest>): Promise<OutputOf<typeof findVerdictsRequest>> {
    // Asked first: what is settled by now has its verdict committed already.
    const settled = await settledThrough(this.bus, eventStream('rendering'), 'quality');
    return { verdicts: await this.verdicts.findVerdicts(input.attempt_ids), settled_through: settled };
  }
}
