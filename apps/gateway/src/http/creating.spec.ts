import { AppError } from '@tower/kit';
import { creating } from './creating';

const correlationId = '01a1fbd7-c04b-718d-89fc-06181ab1a4b8';

describe('creating', () => {
  it('uses the caller’s key, else one of its own', async () => {
    expect(await creating({ correlationId, idempotencyKey: 'mine' }, (context) => Promise.resolve(context))).toEqual({
      correlationId,
      idempotencyKey: 'mine',
    });
    const [one, two] = await Promise.all(
      [1, 2].map(() =>
        creating({ correlationId, idempotencyKey: undefined }, (context) => Promise.resolve(context.idempotencyKey)),
      ),
    );
    expect(one).toMatch(/^[0-9a-f-]{36}$/);
    expect(two).not.toBe(one);
  });

  it.each(['unavailable', 'internal'] as const)('tells under which key to repeat what is %s', async (kind) => {
    let used: string | undefined;
    const failing = creating({ correlationId, idempotencyKey: undefined }, (context) => {
      used = context.idempotencyKey;
      return Promise.reject(new AppError(kind, 'outcome_unknown', 'not known', { retryAfterMs: 2_000 }));
    });
    const error = (await failing.catch((thrown: unknown) => thrown)) as AppError;
    expect(error).toMatchObject({
      kind,
      code: 'outcome_unknown',
      options: { retryAfterMs: 2_000, extensions: { idempotency_key: used } },
    });
    expect(error.message).toBe(`not known (to repeat it, send Idempotency-Key: ${used})`);
  });

  it('leaves a refusal as it is', async () => {
    const refusal = new AppError('conflict', 'project_archived', 'is archived');
    await expect(creating({ correlationId, idempotencyKey: undefined }, () => Promise.reject(refusal))).rejects.toBe(
      refusal,
    );
  });
});
