import { Controller } from '@nestjs/common';
import { routes, type HealthView, type StatusView } from '@tower/contracts';
import { Endpoint } from '../http/endpoint';
import { SystemService } from './system.service';

@Controller()
export class SystemController {
  constructor(private readonly system: SystemService) {}

  @Endpoint(routes.getHealth)
  getHealth(): Promise<HealthView> {
    return this.system.health();
  }

  @Endpoint(routes.getStatus)
  getStatus(): Promise<StatusView> {
    return this.system.status();
  }
}
