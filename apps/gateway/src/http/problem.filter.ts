import { Catch, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { LOGGER, type Logger } from '@tower/kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { answerProblem } from './problem-answer';

/** The one place where something thrown becomes an HTTP answer. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    answerProblem(http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>(), thrown, this.logger);
  }
}
