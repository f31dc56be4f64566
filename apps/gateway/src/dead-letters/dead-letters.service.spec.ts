import type { RequestClient } from '@tower/bus';
import type { DeadLetterView } from '@tower/contracts';
import { AppError, createLogger, newId } from '@tower/kit';
import { DeadLettersService } from './dead-letters.service';

const letterOf = (service: string): DeadLetterView => ({
  id: newId(),
  service,
  state: 'open',
  stream: 'RENDERING',
  stream_seq: 1,
  subject: 'evt.x',
  lost: false,
  reason: 'odd',
  deliveries: 8,
  at: '2026-01-01T00:00:00.000Z',
  redrives: 0,
  last_failure: null,
  settled_at: null,
});

/** Services by name with what each answers; the others do not answer. */
function serviceWith(
  answers: Record<string, (what: string, input: { limit?: number; ids?: string[]; id?: string }) => unknown>,
): DeadLettersService {
  const ask = ({ owner, subject }: { owner: string; subject: string }, input: object): Promise<unknown> => {
    const answer = answers[owner];
    if (!answer) return Promise.reject(new AppError('unavailable', `${owner}_unavailable`, 'does not answer'));
    return Promise.resolve(answer(subject.split('.').at(-1) ?? '', input));
  };
  return new DeadLettersService({ ask } as unknown as RequestClient, createLogger('test', 'silent'));
}

describe('the dead letters of all services', () => {
  const [a, b, c] = [letterOf('quality'), letterOf('gateway'), letterOf('quality')] as const;

  it('are one list, newest first, cut to a page, and say who did not answer', async () => {
    const letters = serviceWith({
      quality: () => ({ items: [c, a], open: 2 }),
      gateway: () => ({ items: [b], open: 1 }),
    });
    const page = await letters.list({ state: 'open', limit: 2 });
    expect(page.items).toEqual([c, b]);
    expect(page.next_cursor).toBeDefined();
    expect([...page.silent].sort()).toEqual(['characters', 'echo-bridge', 'projects', 'rendering']);
    expect(await letters.list({ state: 'open', limit: 2, service: 'quality' })).toEqual({ items: [c, a], silent: [] });
  });

  it('are counted for the status where there are any', async () => {
    const letters = serviceWith({
      quality: () => ({ items: [c, a], open: 2 }),
      gateway: () => ({ items: [], open: 0 }),
    });
    expect(await letters.open()).toEqual([{ service: 'quality', open: 2, newest: [c, a] }]);
  });

  it('are settled by the service that has them; an id that nobody has is said to be unknown', async () => {
    const redriven = { id: a.id, outcome: 'redriven', detail: 'handled' };
    const letters = serviceWith({ quality: () => ({ items: [redriven] }), gateway: () => ({ items: [] }) });
    const { items } = await letters.redrive([b.id, a.id]);
    expect(items).toEqual([
      { id: b.id, outcome: 'unknown', detail: expect.stringContaining('did not answer') as string },
      redriven,
    ]);
  });

  it('are not called unknown while a service that may have one is silent', async () => {
    await expect(serviceWith({ quality: () => ({ letter: null }) }).get(a.id)).rejects.toMatchObject({
      code: 'dead_letters_unavailable',
    });
    const every = Object.fromEntries(
      ['gateway', 'projects', 'characters', 'rendering', 'quality', 'echo-bridge'].map((name) => [
        name,
        () => ({ letter: null }),
      ]),
    );
    await expect(serviceWith(every).get(a.id)).rejects.toMatchObject({ code: 'dead_letter_not_found' });
  });
});
