import { toProblem, type ApiProblem } from '../api/problem';
import { Button } from './button';

/** What a person can do about a problem, where the page knows more than the sentence says. */
function nextStep({ status, code }: ApiProblem): string {
  if (status === 0 && code === 'unreachable') return 'If it stays so, see whether `npm start` still runs.';
  if (status === 404) return 'It may have been removed meanwhile; the lists show what there is.';
  if (status === 429 || status === 503) return 'Try again in a moment.';
  if (status >= 500) return 'Try again; if it stays so, the log has more under the id below.';
  return '';
}

/** Says what happened and what to do; `again` is offered where trying again may help. */
export function Failure({ error, what, again }: { error: unknown; what: string; again?: () => void }) {
  const problem = toProblem(error);
  return (
    <div className="failure" role="alert">
      <strong>{what}</strong>
      <p>
        {problem.message} {nextStep(problem)}
      </p>
      <p className="fine">
        <code>{problem.code}</code>
        {problem.correlationId !== undefined && (
          <>
            {' · '}
            <code>{problem.correlationId}</code>
          </>
        )}
      </p>
      {again !== undefined && <Button onClick={() => again()}>Try again</Button>}
    </div>
  );
}
