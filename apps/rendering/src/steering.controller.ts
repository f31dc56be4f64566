import { Controller } from '@nestjs/common';
import { OnRequest } from '@tower/bus';
import {
  changeJobRequest,
  claimGpuMemoryRequest,
  drainGpuRequest,
  getGpuRequest,
  listGpusRequest,
  orderQueueRequest,
  pauseJobRequest,
  pauseQueueRequest,
  releaseGpuClaimsRequest,
  resumeGpuRequest,
  resumeJobRequest,
  resumeQueueRequest,
  retryJobRequest,
  withdrawOrderRequest,
  type ClaimView,
  type GpuDetailView,
  type InputOf,
  type JobView,
  type Page,
  type QueueOrderView,
  type QueuePauseView,
  type ReleasedView,
  type WithdrawnOrdersView,
} from '@tower/contracts';
import { CardSteering } from './requests/card-steering.service';
import { JobSteering } from './requests/job-steering.service';
import { QueueSteering } from './requests/queue-steering.service';
import { CardsReader } from './views/cards.reader';

/** Questions about cards, and what people do with them, with jobs that are there, and with the queue. */
@Controller()
export class SteeringController {
  constructor(
    private readonly reader: CardsReader,
    private readonly cards: CardSteering,
    private readonly jobs: JobSteering,
    private readonly queue: QueueSteering,
  ) {}

  @OnRequest(listGpusRequest)
  listGpus(input: InputOf<typeof listGpusRequest>): Promise<Page<GpuDetailView>> {
    return this.reader.list(input);
  }

  @OnRequest(getGpuRequest)
  getGpu({ name }: InputOf<typeof getGpuRequest>): Promise<GpuDetailView> {
    return this.reader.get(name);
  }

  @OnRequest(drainGpuRequest)
  drainGpu(input: InputOf<typeof drainGpuRequest>): Promise<GpuDetailView> {
    return this.cards.drain(input);
  }

  @OnRequest(resumeGpuRequest)
  resumeGpu(input: InputOf<typeof resumeGpuRequest>): Promise<GpuDetailView> {
    return this.cards.resume(input);
  }

  @OnRequest(claimGpuMemoryRequest)
  claimGpuMemory(input: InputOf<typeof claimGpuMemoryRequest>): Promise<ClaimView> {
    return this.cards.claim(input);
  }

  @OnRequest(releaseGpuClaimsRequest)
  releaseGpuClaims(input: InputOf<typeof releaseGpuClaimsRequest>): Promise<ReleasedView> {
    return this.cards.release(input);
  }

  @OnRequest(changeJobRequest)
  changeJob(input: InputOf<typeof changeJobRequest>): Promise<JobView> {
    return this.jobs.change(input);
  }

  @OnRequest(pauseJobRequest)
  pauseJob(input: InputOf<typeof pauseJobRequest>): Promise<JobView> {
    return this.jobs.pause(input);
  }

  @OnRequest(resumeJobRequest)
  resumeJob(input: InputOf<typeof resumeJobRequest>): Promise<JobView> {
    return this.jobs.resume(input);
  }

  @OnRequest(retryJobRequest)
  retryJob(input: InputOf<typeof retryJobRequest>): Promise<JobView> {
    return this.jobs.retry(input);
  }

  @OnRequest(orderQueueRequest)
  orderQueue(input: InputOf<typeof orderQueueRequest>): Promise<QueueOrderView> {
    return this.queue.order(input);
  }

  @OnRequest(withdrawOrderRequest)
  withdrawOrder(input: InputOf<typeof withdrawOrderRequest>): Promise<WithdrawnOrdersView> {
    return this.queue.withdraw(input);
  }

  @OnRequest(pauseQueueRequest)
  pauseQueue(input: InputOf<typeof pauseQueueRequest>): Promise<QueuePauseView> {
    return this.queue.pause(input);
  }

  @OnRequest(resumeQueueRequest)
  resumeQueue(input: InputOf<typeof resumeQueueRequest>): Promise<QueuePauseView> {
    return this.queue.resume(input);
  }
}
