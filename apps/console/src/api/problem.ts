import type { FieldError, Problem } from '@tower/contracts';

/** What kept a request from being answered as promised: a problem of the gateway, or that it could not be reached. */
export class ApiProblem extends Error {
  /** Stable word, such as `queue_full`; `unreachable` where no answer came. */
  readonly code: string;
  /** HTTP status; 0 where no answer came. */
  readonly status: number;
  readonly fields: readonly FieldError[];
  readonly correlationId: string | undefined;

  constructor(problem: Pick<Problem, 'code' | 'status' | 'detail' | 'errors' | 'correlation_id'>) {
    super(problem.detail);
    this.code = problem.code;
    this.status = problem.status;
    this.fields = problem.errors ?? [];
    this.correlationId = problem.correlation_id;
  }
}

const unreachable = (): ApiProblem =>
  new ApiProblem({
    code: 'unreachable',
    status: 0,
    detail: 'Tower does not answer. It may be starting again; this page tries again by itself.',
  });

const isProblem = (body: unknown): body is Problem =>
  typeof body === 'object' && body !== null && 'code' in body && 'detail' in body && 'status' in body;

/**
 * The answer of a call of the typed client.
 * @throws ApiProblem for every other outcome
 */
export async function answerOf<Data>(
  call: Promise<{ data?: Data; error?: unknown; response: Response }>,
): Promise<NonNullable<Data>> {
  const { data, error, response } = await call.catch(() => {
    throw unreachable();
  });
  if (response.ok && data !== undefined && data !== null) return data;
  if (isProblem(error)) throw new ApiProblem(error);
  throw new ApiProblem({
    code: 'answer_unreadable',
    status: response.status,
    detail: `Something between this page and Tower answered ${response.status} without saying why.`,
  });
}

/** Whatever was thrown, as a problem that can be shown. */
export const toProblem = (thrown: unknown): ApiProblem =>
  thrown instanceof ApiProblem
    ? thrown
    : new ApiProblem({
        code: 'page_failed',
        status: 0,
        detail: thrown instanceof Error ? thrown.message : String(thrown),
      });
