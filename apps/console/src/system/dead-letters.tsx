import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { StatusView } from '@tower/contracts';
import { api } from '../api/client';
import { answerOf, toProblem } from '../api/problem';
import { Button } from '../ui/button';
import { counted } from '../ui/words';

type Letters = StatusView['dead_letters'];

/** Messages between services that nobody could handle; a person says what becomes of each. */
export function DeadLetters({ letters }: { letters: Letters }) {
  const open = letters.filter((one) => one.open > 0);
  if (open.length === 0) return null;
  return (
    <section aria-labelledby="letters">
      <h2 id="letters">Messages that could not be handled</h2>
      <p>Once its cause is gone, hand a message over again; one that nobody needs may be let be.</p>
      {open.map(({ service, open: count, newest }) => (
        <article className="panel" key={service}>
          <h3>
            {service}: {counted(count, 'message')}
          </h3>
          {newest.map((letter) => (
            <Letter key={letter.id} letter={letter} />
          ))}
          {count > newest.length && <p className="fine">and {count - newest.length} older ones</p>}
        </article>
      ))}
    </section>
  );
}

function Letter({ letter }: { letter: Letters[number]['newest'][number] }) {
  const queries = useQueryClient();
  const { mutate, isPending, data, error } = useMutation({
    mutationFn: (what: 'redrive' | 'dismiss') =>
      what === 'redrive'
        ? answerOf(api.POST('/api/anime/dead-letters/redrive', { body: { ids: [letter.id] } }))
        : answerOf(api.POST('/api/anime/dead-letters/dismiss', { body: { ids: [letter.id] } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['status'] }),
  });
  return (
    <div>
      <p>
        <code>{letter.subject === '' ? letter.stream : letter.subject}</code> {letter.reason}
      </p>
      <div className="acts">
        {!letter.lost && (
          <Button busy={isPending} onClick={() => mutate('redrive')}>
            Hand it over again
          </Button>
        )}
        <Button kind="quiet" busy={isPending} onClick={() => mutate('dismiss')}>
          Let it be
        </Button>
      </div>
      {error !== null && <p className="field-error">{toProblem(error).message}</p>}
      {data?.items.map(({ id, detail }) => (
        <p className="fine" key={id} role="status">
          {detail}
        </p>
      ))}
    </div>
  );
}
