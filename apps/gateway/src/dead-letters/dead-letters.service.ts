import { Inject, Injectable } from '@nestjs/common';
import { RequestClient } from '@tower/bus';
import {
  deadLetterRequestsOf,
  serviceNames,
  type DeadLetterDetail,
  type DeadLetterRequests,
  type DeadLetterState,
  type DeadLetterView,
  type InputOf,
  type OutputOf,
  type Page,
  type RequestDefinition,
  type ServiceName,
  type SettledLetter,
  type StatusView,
} from '@tower/contracts';
import { toPage } from '@tower/db';
import { AppError, describeError, LOGGER, notFound, type Logger } from '@tower/kit';

const requests = Object.fromEntries(serviceNames.map((service) => [service, deadLetterRequestsOf(service)])) as Record<
  ServiceName,
  DeadLetterRequests
>;
/** Letters that `/status` shows of each service. */
const shownInStatus = 3;

interface Answers<Answer> {
  answered: { service: ServiceName; value: Answer }[];
  silent: ServiceName[];
}

/** Every service keeps its own dead letters; here they are one list. */
@Injectable()
export class DeadLettersService {
  constructor(
    private readonly services: RequestClient,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Newest first, of one service or of all; names the services that did not answer. */
  async list(query: {
    service?: ServiceName | undefined;
    state: DeadLetterState;
    limit: number;
    cursor?: string | undefined;
  }): Promise<Page<DeadLetterView> & { silent: ServiceName[] }> {
    const { service, state, limit, cursor } = query;
    const { answered, silent } = await this.askEach(
      'list',
      { state, limit, ...(cursor === undefined ? {} : { cursor }) },
      service === undefined ? serviceNames : [service],
    );
    const all = answered.flatMap(({ value }) => value.items).sort((a, b) => (a.id < b.id ? 1 : -1));
    return { ...toPage(all, limit, (letter) => letter), silent };
  }

  async get(id: string): Promise<DeadLetterDetail> {
    const { answered, silent } = await this.askEach('get', { id });
    const found = answered.find(({ value }) => value.letter !== null)?.value.letter;
    if (found) return found;
    if (silent.length > 0) throw unanswered(silent);
    throw notFound('dead_letter', id);
  }

  redrive(ids: string[]): Promise<{ items: SettledLetter[] }> {
    return this.settle('redrive', ids);
  }

  dismiss(ids: string[]): Promise<{ items: SettledLetter[] }> {
    return this.settle('dismiss', ids);
  }

  /** Services with open letters, for `/status`. */
  async open(): Promise<StatusView['dead_letters']> {
    const { answered } = await this.askEach('list', { state: 'open', limit: shownInStatus });
    return answered
      .filter(({ value }) => value.open > 0)
      .map(({ service, value }) => ({ service, open: value.open, newest: value.items.slice(0, shownInStatus) }));
  }

  private async settle(what: 'redrive' | 'dismiss', ids: string[]): Promise<{ items: SettledLetter[] }> {
    const { answered, silent } = await this.askEach(what, { ids });
    const settled = new Map(answered.flatMap(({ value }) => value.items).map((item) => [item.id, item]));
    const detail =
      silent.length === 0
        ? 'no service has such a dead letter'
        : `not known here, and these did not answer: ${silent.join(', ')}`;
    return { items: [...new Set(ids)].map((id) => settled.get(id) ?? { id, outcome: 'unknown', detail }) };
  }

  private async askEach<What extends keyof DeadLetterRequests>(
    what: What,
    input: InputOf<DeadLetterRequests[What]>,
    among: readonly ServiceName[] = serviceNames,
  ): Promise<Answers<OutputOf<DeadLetterRequests[What]>>> {
    const answers: Answers<OutputOf<DeadLetterRequests[What]>> = { answered: [], silent: [] };
    const ask = async (service: ServiceName): Promise<void> => {
      try {
        const definition: RequestDefinition = requests[service][what];
        answers.answered.push({
          service,
          value: (await this.services.ask(definition, input)) as OutputOf<DeadLetterRequests[What]>,
        });
      } catch (error) {
        // What is wrong with the question is wrong for all of them.
        if (error instanceof AppError && error.kind === 'invalid') throw error;
        this.logger.debug(`asking ${service} for its dead letters: ${describeError(error)}`);
        answers.silent.push(service);
      }
    };
    await Promise.all(among.map(ask));
    return answers;
  }
}

const unanswered = (silent: readonly string[]): AppError =>
  new AppError(
    'unavailable',
    'dead_letters_unavailable',
    `these services do not answer right now: ${silent.join(', ')}; try again in a moment`,
    { retryAfterMs: 2_000 },
  );
