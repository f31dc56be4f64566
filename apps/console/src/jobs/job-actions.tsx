import { useNavigate } from '@tanstack/react-router';
import { useId } from 'react';
import type { JobState, Priority } from '@tower/contracts';
import { toProblem } from '../api/problem';
import { Button } from '../ui/button';
import { useCancel, useOrder, usePause, usePriority, useResume, useRetry, useWithdrawOrder } from './job-mutations';
import { jobStates, priorities } from './job-states';

interface Steered {
  readonly id: string;
  readonly status: JobState;
  readonly priority: Priority;
}

/** The first of what was refused, in its words. */
function Refusal({ errors }: { errors: readonly unknown[] }) {
  const error = errors.find((one) => one !== null);
  if (error === undefined) return null;
  return (
    <p className="field-error" role="alert">
      {toProblem(error).message}
    </p>
  );
}

export function PriorityChoice({ job }: { job: Steered }) {
  const { mutate, error, isPending } = usePriority();
  const id = useId();
  return (
    <span className="priority">
      <label className="hidden" htmlFor={id}>
        Priority
      </label>
      <select
        id={id}
        value={job.priority}
        aria-busy={isPending}
        onChange={({ target }) => {
          const priority = priorities.find((one) => one === target.value);
          if (priority !== undefined) mutate({ id: job.id, priority });
        }}
      >
        {priorities.map((priority) => (
          <option key={priority} value={priority}>
            {priority}
          </option>
        ))}
      </select>
      <Refusal errors={[error]} />
    </span>
  );
}

/** Leaves the place of a job to the planner again, and says how much that changed. */
export function WithdrawOrder({ id }: { id: string }) {
  const { mutate, data, isPending, error } = useWithdrawOrder();
  return (
    <p className="acts">
      <Button kind="quiet" busy={isPending} onClick={() => mutate(id)}>
        Take back its place by hand
      </Button>
      {data !== undefined && (
        <span className="fine" role="status">
          {data.withdrawn.length === 0 ? 'Nothing was ordered of it.' : 'The planner decides again.'}
        </span>
      )}
      <Refusal errors={[error]} />
    </p>
  );
}

/** Puts a job before the one that would come before it. */
export function Earlier({ id, above }: { id: string; above: string }) {
  const { mutate, isPending, error } = useOrder();
  return (
    <>
      <Button
        kind="quiet"
        busy={isPending}
        aria-label="Before the one above"
        title="Before the one above"
        onClick={() => mutate({ id, before: above })}
      >
        ↑
      </Button>
      <Refusal errors={[error]} />
    </>
  );
}

/** What may be done with a job that has not ended; `isPaused` is undefined where nobody knows. */
function OpenActions({ job, isPaused }: { job: Steered; isPaused: boolean | undefined }) {
  const [cancel, pause, resume] = [useCancel(), usePause(), useResume()];
  return (
    <>
      {isPaused === false && (
        <Button kind="quiet" busy={pause.isPending} onClick={() => pause.mutate(job.id)}>
          Pause
        </Button>
      )}
      {isPaused === true && (
        <Button busy={resume.isPending} onClick={() => resume.mutate(job.id)}>
          Go on
        </Button>
      )}
      <Button kind="danger" busy={cancel.isPending} onClick={() => cancel.mutate(job.id)}>
        Cancel
      </Button>
      <Refusal errors={[cancel.error, pause.error, resume.error]} />
    </>
  );
}

function RetryAction({ id }: { id: string }) {
  const retry = useRetry();
  const navigate = useNavigate();
  const again = (): void =>
    retry.mutate(id, { onSuccess: (job) => void navigate({ to: '/jobs/$id', params: { id: job.id } }) });
  return (
    <>
      <Button busy={retry.isPending} onClick={again}>
        Try again
      </Button>
      <Refusal errors={[retry.error]} />
    </>
  );
}

export function JobActions({ job, isPaused }: { job: Steered; isPaused?: boolean | undefined }) {
  if (!jobStates[job.status].isOver) return <OpenActions job={job} isPaused={isPaused} />;
  return job.status === 'completed' ? null : <RetryAction id={job.id} />;
}
