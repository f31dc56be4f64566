import { Controller } from '@nestjs/common';
import { OnRequest } from '@tower/bus';
import { getRenderingStatusRequest, type RenderingStatus } from '@tower/contracts';
import { StatusService } from './views/status.service';

@Controller()
export class StatusController {
  constructor(private readonly statuses: StatusService) {}

  @OnRequest(getRenderingStatusRequest)
  status(): Promise<RenderingStatus> {
    return this.statuses.status();
  }
}
