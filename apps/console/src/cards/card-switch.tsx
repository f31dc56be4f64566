import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { GpuDetailView } from '@tower/contracts';
import { api } from '../api/client';
import { answerOf, toProblem } from '../api/problem';
import { who } from '../jobs/job-mutations';
import { Button } from '../ui/button';

/** Takes a card out of use, and back. */
export function CardSwitch({ card }: { card: GpuDetailView }) {
  const queries = useQueryClient();
  const params = { path: { name: card.name } };
  const { mutate, isPending, error } = useMutation({
    mutationFn: () =>
      card.drained === null
        ? answerOf(api.POST('/api/anime/gpus/{name}/drain', { params, body: { who } }))
        : answerOf(api.POST('/api/anime/gpus/{name}/resume', { params, body: { who } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['gpus'] }),
  });
  return (
    <span className="acts">
      <Button kind={card.drained === null ? 'quiet' : 'main'} busy={isPending} onClick={() => mutate()}>
        {card.drained === null ? 'Take out of use' : 'Use again'}
      </Button>
      {error !== null && (
        <span className="field-error" role="alert">
          {toProblem(error).message}
        </span>
      )}
    </span>
  );
}
