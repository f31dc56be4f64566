import { Controller } from '@nestjs/common';
import { OnRequest } from '@tower/bus';
import { getJobQualityRequest, type InputOf, type JobQualityView } from '@tower/contracts';
import { QualityService } from './quality.service';

@Controller()
export class QualityController {
  constructor(private readonly quality: QualityService) {}

  @OnRequest(getJobQualityRequest)
  getJobQuality(input: InputOf<typeof getJobQualityRequest>): Promise<JobQualityView> {
    return this.quality.getJobQuality(input.job_id);
  }
}
