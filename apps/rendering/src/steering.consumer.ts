import { Controller } from '@nestjs/common';
import { OnCommand, type Delivery } from '@tower/bus';
import {
  changeJob,
  claimGpuMemory,
  drainGpu,
  orderQueue,
  pauseJob,
  pauseQueue,
  releaseGpuClaims,
  resumeGpu,
  resumeJob,
  resumeQueue,
  retryJob,
  withdrawOrder,
  type CommandOf,
} from '@tower/contracts';
import { SteeringCommands } from './requests/steering-commands.service';

const durable = { durable: 'rendering' };

/** Commands of publishers about cards, jobs that are there, and the queue. */
@Controller()
export class SteeringConsumer {
  constructor(private readonly steering: SteeringCommands) {}

  @OnCommand(drainGpu, durable)
  drainGpu(command: CommandOf<typeof drainGpu>, delivery: Delivery): Promise<void> {
    return this.steering.handle(drainGpu, command, delivery.place);
  }

  @OnCommand(resumeGpu, durable)
  resumeGpu(command: CommandOf<typeof resumeGpu>, delivery: Delivery): Promise<void> {
    return this.steering.handle(resumeGpu, command, delivery.place);
  }

  @OnCommand(claimGpuMemory, durable)
  claimGpuMemory(command: CommandOf<typeof claimGpuMemory>, delivery: Delivery): Promise<void> {
    return this.steering.handle(claimGpuMemory, command, delivery.place);
  }

  @OnCommand(releaseGpuClaims, durable)
  releaseGpuClaims(command: CommandOf<typeof releaseGpuClaims>, delivery: Delivery): Promise<void> {
    return this.steering.handle(releaseGpuClaims, command, delivery.place);
  }

  @OnCommand(changeJob, durable)
  changeJob(command: CommandOf<typeof changeJob>, delivery: Delivery): Promise<void> {
    return this.steering.handle(changeJob, command, delivery.place);
  }

  @OnCommand(pauseJob, durable)
  pauseJob(command: CommandOf<typeof pauseJob>, delivery: Delivery): Promise<void> {
    return this.steering.handle(pauseJob, command, delivery.place);
  }

  @OnCommand(resumeJob, durable)
  resumeJob(command: CommandOf<typeof resumeJob>, delivery: Delivery): Promise<void> {
    return this.steering.handle(resumeJob, command, delivery.place);
  }

  @OnCommand(retryJob, durable)
  retryJob(command: CommandOf<typeof retryJob>, delivery: Delivery): Promise<void> {
    return this.steering.handle(retryJob, command, delivery.place);
  }

  @OnCommand(orderQueue, durable)
  orderQueue(command: CommandOf<typeof orderQueue>, delivery: Delivery): Promise<void> {
    return this.steering.handle(orderQueue, command, delivery.place);
  }

  @OnCommand(withdrawOrder, durable)
  withdrawOrder(command: CommandOf<typeof withdrawOrder>, delivery: Delivery): Promise<void> {
    return this.steering.handle(withdrawOrder, command, delivery.place);
  }

  @OnCommand(pauseQueue, durable)
  pauseQueue(command: CommandOf<typeof pauseQueue>, delivery: Delivery): Promise<void> {
    return this.steering.handle(pauseQueue, command, delivery.place);
  }

  @OnCommand(resumeQueue, durable)
  resumeQueue(command: CommandOf<typeof resumeQueue>, delivery: Delivery): Promise<void> {
    return this.steering.handle(resumeQueue, command, delivery.place);
  }
}
