import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import type { ClaimView, GpuDetailView } from '@tower/contracts';
import { api, newIdempotencyKey } from '../api/client';
import { answerOf, toProblem } from '../api/problem';
import { Button } from '../ui/button';
import { Field, fieldErrors } from '../ui/field';
import { durationOf, memoryOf } from '../ui/words';

/** What other programs use of the card's memory, and a form to say so. */
export function Claims({ card }: { card: GpuDetailView }) {
  return (
    <details open={card.claims.length > 0}>
      <summary>Claims of other programs: {card.claims.length === 0 ? 'none' : card.claims.length}</summary>
      <ul className="sentences">
        {card.claims.map((claim) => (
          <Claim key={claim.id} claim={claim} />
        ))}
      </ul>
      <NewClaim card={card} />
    </details>
  );
}

function Claim({ claim }: { claim: ClaimView }) {
  const queries = useQueryClient();
  const { mutate, isPending, error } = useMutation({
    mutationFn: () =>
      answerOf(
        api.DELETE('/api/anime/gpus/{name}/claims/{id}', { params: { path: { name: claim.gpu, id: claim.id } } }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['gpus'] }),
  });
  return (
    <li>
      <strong>{claim.who}</strong>: {memoryOf(claim.megabytes)} for {durationOf(claim.remaining_seconds)} more
      {!claim.memory_freed && <span className="fine">, models are still to be unloaded for it</span>}{' '}
      <Button kind="quiet" busy={isPending} onClick={() => mutate()}>
        End it
      </Button>
      {error !== null && <span className="field-error">{toProblem(error).message}</span>}
    </li>
  );
}

function NewClaim({ card }: { card: GpuDetailView }) {
  const queries = useQueryClient();
  const [values, setValues] = useState({ who: '', megabytes: '', minutes: '60' });
  const { mutate, isPending, error } = useMutation({
    mutationFn: () =>
      answerOf(
        api.POST('/api/anime/gpus/{name}/claims', {
          params: { path: { name: card.name }, header: { 'Idempotency-Key': newIdempotencyKey() } },
          body: { who: values.who, megabytes: Number(values.megabytes), seconds: Number(values.minutes) * 60 },
        }),
      ),
    onSuccess: () => {
      setValues({ ...values, who: '', megabytes: '' });
      return queries.invalidateQueries({ queryKey: ['gpus'] });
    },
  });
  const errors = fieldErrors(error);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    mutate();
  };
  const set = (name: keyof typeof values) => (value: string) => setValues({ ...values, [name]: value });
  return (
    <form className="inline-form" onSubmit={submit}>
      <Field label="Program or person" value={values.who} onChange={set('who')} error={errors['/who']} required />
      <Field
        label="MiB"
        kind="number"
        value={values.megabytes}
        onChange={set('megabytes')}
        error={errors['/megabytes']}
        required
      />
      <Field
        label="Minutes"
        kind="number"
        value={values.minutes}
        onChange={set('minutes')}
        error={errors['/seconds']}
        required
      />
      <Button type="submit" busy={isPending}>
        Claim memory
      </Button>
      {error !== null && Object.keys(errors).length === 0 && <p className="field-error">{toProblem(error).message}</p>}
    </form>
  );
}
