import { Injectable } from '@nestjs/common';
import { cancelJob, commandAccepted, commandRejected, requestJob, type CommandDefinition, type CommandOf } from '@tower/contracts';
import { handleOnce, Outbox } from '@tower/db';
import { AppError, onFailure, parseInput } from '@tower/kit';
import { DataSource } from 'typeorm';
import { JobsService } from './jobs.service';
import { queueFull } from './queue-ceiling';

/**
 * Commands that outside publishers put on the stream: the same schema and the same rules as REST, answered by an accepted or a rejected event.
 * The command's id is its idempotency key, so a repeat makes no second job.
 */
@Injectable()
export class CommandsService {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly jobs: JobsService,
  ) {}

  requestJob(command: CommandOf<typeof requestJob>): Promise<void> {
    return this.answer(requestJob, command, async () => {
      const body = parseInput(requestJob.schema, command.data, { code: 'job_request_invalid', message: 'the job request is not valid' });
      return (await this.jobs.request({ context: { correlationId: command.correlationId ?? command.id, idempotencyKey: command.id }, body })).job_id;
    });
  }

  cancelJob(command: CommandOf<typeof cancelJob>): Promise<void> {
    return this.answer(cancelJob, command, async () => {
      const body = parseInput(cancelJob.schema, command.data, { code: 'cancel_request_invalid', message: 'the cancellation is not valid' });
      return (await this.jobs.cancel({ context: { correlationId: command.correlationId ?? command.id }, id: body.job_id, reason: body.reason })).id;
    });
  }

  /** A refusal is an answer; only what may pass by itself soon is thrown, so that the message comes again. A full queue may take days. */
  private async answer(definition: CommandDefinition, command: CommandOf<CommandDefinition>, work: () => Promise<string>): Promise<void> {
    const ofCommand = { commandId: command.id, commandType: definition.type };
    const provenance = { correlationId: command.correlationId ?? command.id, causationId: command.id };
    let jobId: string | undefined;
    let refused: AppError | undefined;
    try {
      jobId = await work();
    } catch (error) {
      if (!(error instanceof AppError) || (onFailure[error.kind] === 'retry' && error.code !== queueFull)) throw error;
      refused = error;
    }
    await handleOnce(this.db, 'rendering-commands', command.id, async (tx) => {
      if (jobId !== undefined) await this.outbox.add(tx, commandAccepted, { ...ofCommand, jobId }, provenance);
      else if (refused)
        await this.outbox.add(
          tx,
          commandRejected,
          {
            ...ofCommand,
            code: refused.code,
            message: refused.message,
            errors: refused.options.fields ?? [],
            ...omittedIn(refused),
          },
          provenance,
        );
    });
  }
}

const omittedIn = ({ options: { fieldsOmitted } }: AppError): { errorsOmitted?: number } =>
  fieldsOmitted === undefined ? {} : { errorsOmitted: fieldsOmitted };
