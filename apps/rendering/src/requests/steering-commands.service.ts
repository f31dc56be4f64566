import { Injectable } from '@nestjs/common';
import type { MessagePlace } from '@tower/bus';
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
  steeringCommands,
  withdrawOrder,
  type CommandDefinition,
  type CommandOf,
  type RequestContext,
} from '@tower/contracts';
import { parseInput } from '@tower/kit';
import type { z } from 'zod';
import { CardSteering } from './card-steering.service';
import { CommandsService, type CommandSubject } from './commands.service';
import { JobSteering } from './job-steering.service';
import { QueueSteering } from './queue-steering.service';

type SteeringCommand = (typeof steeringCommands)[number];
/** Reads what a command says and does it; tells what it was about. */
type Act = (data: unknown, context: RequestContext) => Promise<CommandSubject>;

/** The same as over REST, for publishers: each command is answered by an accepted or a rejected event. */
@Injectable()
export class SteeringCommands {
  constructor(
    private readonly commands: CommandsService,
    private readonly cards: CardSteering,
    private readonly jobs: JobSteering,
    private readonly queue: QueueSteering,
  ) {}

  /** One of the steering commands, whichever its definition says. */
  async handle(
    definition: SteeringCommand,
    command: CommandOf<CommandDefinition>,
    place?: MessagePlace,
  ): Promise<void> {
    const act = this.worksOf(definition);
    const context = { correlationId: command.correlationId ?? command.id, idempotencyKey: command.id };
    await this.commands.answer(definition, command, place, () => act(command.data, context));
  }

  private worksOf(definition: SteeringCommand): Act {
    const { cards, jobs, queue } = this;
    const works = new Map<CommandDefinition, Act>([
      ofCard(drainGpu, ({ gpu: name, ...body }, context) => cards.drain({ context, name, body })),
      ofCard(resumeGpu, ({ gpu: name, ...body }, context) => cards.resume({ context, name, body })),
      reading(claimGpuMemory, async ({ gpu: name, ...body }, context) => {
        const claim = await cards.claim({ context, name, body });
        return { gpu: name, claimId: claim.id };
      }),
      ofCard(releaseGpuClaims, ({ gpu: name, ...which }, context) => cards.release({ context, name, ...which })),
      ofJob(changeJob, ({ job_id: id, ...body }, context) => jobs.change({ context, id, body })),
      ofJob(pauseJob, ({ job_id: id, ...body }, context) => jobs.pause({ context, id, body })),
      ofJob(resumeJob, ({ job_id: id, ...body }, context) => jobs.resume({ context, id, body })),
      reading(retryJob, async ({ job_id: id }, context) => ({ jobId: (await jobs.retry({ context, id })).id })),
      ofJob(orderQueue, (body, context) => queue.order({ context, body })),
      ofJob(withdrawOrder, ({ job_id: id }, context) => queue.withdraw({ context, id })),
      ofQueue(pauseQueue, (body, context) => queue.pause({ context, body })),
      ofQueue(resumeQueue, (body, context) => queue.resume({ context, body })),
    ]);
    const work = works.get(definition);
    if (work === undefined) throw new Error(`${definition.type} is no command that steers`);
    return work;
  }
}

type Entry = [CommandDefinition, Act];
type Work<Data, Answer> = (data: Data, context: RequestContext) => Promise<Answer>;

/** Reads the data as REST reads a body, before anything is done. Throws `<verb>_<noun>_invalid`. */
function reading<Schema extends z.ZodType>(
  definition: CommandDefinition<Schema>,
  work: Work<z.output<Schema>, CommandSubject>,
): Entry {
  const code = `${definition.type.split('.').at(-1) ?? 'command'}_invalid`;
  return [
    definition,
    (data, context) =>
      work(parseInput(definition.schema, data, { code, message: 'the command is not valid' }), context),
  ];
}

function ofCard<Schema extends z.ZodType<{ gpu: string }>>(
  definition: CommandDefinition<Schema>,
  work: Work<z.output<Schema>, unknown>,
): Entry {
  return reading(definition, async (data, context) => {
    await work(data, context);
    return { gpu: data.gpu };
  });
}

function ofJob<Schema extends z.ZodType<{ job_id: string }>>(
  definition: CommandDefinition<Schema>,
  work: Work<z.output<Schema>, unknown>,
): Entry {
  return reading(definition, async (data, context) => {
    await work(data, context);
    return { jobId: data.job_id };
  });
}

function ofQueue<Schema extends z.ZodType>(
  definition: CommandDefinition<Schema>,
  work: Work<z.output<Schema>, unknown>,
): Entry {
  return reading(definition, async (data, context) => {
    await work(data, context);
    return {};
  });
}
