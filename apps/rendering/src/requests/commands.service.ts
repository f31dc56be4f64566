import { Injectable } from '@nestjs/common';
import type { MessagePlace, RefusedCommand } from '@tower/bus';
import {
  cancelJob,
  commandAccepted,
  commandRejected,
  requestJob,
  shortGenerateRequest,
  type CommandDefinition,
  type CommandOf,
  type DataOf,
} from '@tower/contracts';
import { handleOnce, Outbox } from '@tower/db';
import { AppError, newId, onFailure, parseInput } from '@tower/kit';
import { DataSource, type EntityManager } from 'typeorm';
import { v5 } from 'uuid';
import { queueFull } from './queue-ceiling';
import { RequestsService } from './requests.service';

/** What an accepted command was about, or has made. */
export type CommandSubject = Pick<DataOf<typeof commandAccepted>, 'jobId' | 'gpu' | 'claimId'>;

/** Namespace of the answers' identities: UUID v5 of where and when a command was stored. */
const answerNamespace = '4c0c1f6e-6a5b-5d0e-8f4b-2b8a3b1f5f77';

/**
 * Commands that outside publishers put on the stream: the same schema and the same rules as REST. Each message is
 * answered once by an accepted or a rejected event, a repeat anew: whoever sends again may not have heard the first
 * answer. The command's id is its idempotency key, so a repeat makes no second job.
 */
@Injectable()
export class CommandsService {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly jobs: RequestsService,
  ) {}

  requestJob(command: CommandOf<typeof requestJob>, place?: MessagePlace): Promise<void> {
    return this.answer(requestJob, command, place, async () => {
      const correlationId = command.correlationId ?? command.id;
      const body = isShort(command.data)
        ? await this.jobs.full(parseInput(shortGenerateRequest, command.data, invalidJob), correlationId)
        : parseInput(requestJob.schema, command.data, invalidJob);
      const accepted = await this.jobs.request({ context: { correlationId, idempotencyKey: command.id }, body });
      return { jobId: accepted.job_id };
    });
  }

  cancelJob(command: CommandOf<typeof cancelJob>, place?: MessagePlace): Promise<void> {
    return this.answer(cancelJob, command, place, async () => {
      const body = parseInput(cancelJob.schema, command.data, {
        code: 'cancel_request_invalid',
        message: 'the cancellation is not valid',
      });
      const job = await this.jobs.cancel({
        context: { correlationId: command.correlationId ?? command.id },
        id: body.job_id,
        reason: body.reason,
      });
      return { jobId: job.id };
    });
  }

  /** Answers a command that comes to nothing: one that cannot be read, that nobody knows, or that was tried in vain. */
  async refused({ type, id, givenId, place, error }: RefusedCommand): Promise<void> {
    const commandId = id ?? identityOf(place);
    const facts = {
      commandId,
      commandType: type,
      ...receivedAt(place),
      ...(givenId === undefined ? {} : { givenId }),
      ...reasonOf(error),
    };
    await this.once(place, async (tx) => {
      await this.outbox.add(tx, commandRejected, facts, { correlationId: commandId, causationId: commandId });
    });
  }

  /**
   * A refusal is an answer; only what may pass by itself soon is thrown, so that the message comes again. A full queue
   * may take days.
   */
  async answer(
    definition: CommandDefinition,
    command: CommandOf<CommandDefinition>,
    place: MessagePlace | undefined,
    work: () => Promise<CommandSubject>,
  ): Promise<void> {
    const ofCommand = { commandId: command.id, commandType: definition.type, ...receivedAt(place) };
    const provenance = { correlationId: command.correlationId ?? command.id, causationId: command.id };
    let accepted: CommandSubject | undefined;
    let refused: AppError | undefined;
    try {
      accepted = await work();
    } catch (error) {
      if (!(error instanceof AppError) || (onFailure[error.kind] === 'retry' && error.code !== queueFull)) throw error;
      refused = error;
    }
    await this.once(place, async (tx) => {
      if (accepted !== undefined) await this.outbox.add(tx, commandAccepted, { ...ofCommand, ...accepted }, provenance);
      else if (refused) await this.outbox.add(tx, commandRejected, { ...ofCommand, ...reasonOf(refused) }, provenance);
    });
  }

  private async once(place: MessagePlace | undefined, act: (tx: EntityManager) => Promise<void>): Promise<void> {
    await handleOnce(this.db, 'rendering-commands', identityOf(place), act);
  }
}

const invalidJob = { code: 'job_request_invalid', message: 'the job request is not valid' };

/** As at the public door: only the older form has a type. */
const isShort = (data: unknown): boolean => typeof data === 'object' && data !== null && 'type' in data;

/** The same for every delivery of one message; one that a person hands over again is another each time. */
const identityOf = (place: MessagePlace | undefined): string =>
  place === undefined ? newId() : v5(`${place.stream}:${place.seq}:${place.storedAtNanos}`, answerNamespace);

const receivedAt = (place: MessagePlace | undefined): Pick<DataOf<typeof commandAccepted>, 'received'> =>
  place === undefined ? {} : { received: { stream: place.stream, seq: place.seq } };

const reasonOf = ({
  code,
  message,
  options,
}: AppError): Pick<DataOf<typeof commandRejected>, 'code' | 'message' | 'errors' | 'errorsOmitted'> => ({
  code,
  message,
  errors: options.fields ?? [],
  ...(options.fieldsOmitted === undefined ? {} : { errorsOmitted: options.fieldsOmitted }),
});
