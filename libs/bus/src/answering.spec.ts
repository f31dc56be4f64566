import { defineRequest, requestContext } from '@tower/contracts';
import { waitFor } from '@tower/testing';
import { z } from 'zod';
import { Answering, AnswerSlots } from './answering';

const look = defineRequest('projects.v1.look', z.object({ n: z.int() }), z.object({}));
const act = defineRequest('projects.v1.act', z.object({ context: requestContext, n: z.int() }), z.object({}));

/** Work that goes on until it is told to end. */
class Work {
  begun = 0;
  private readonly endings: ((value: number) => void)[] = [];

  readonly start = (): Promise<number> => {
    this.begun += 1;
    return new Promise((resolve) => this.endings.push(resolve));
  };

  endOne(value = 0): void {
    const end = this.endings.shift();
    if (end === undefined) throw new Error('nothing has begun');
    end(value);
  }
}

describe('AnswerSlots', () => {
  it('works on so many at once, lets some wait in order, turns the rest away with the time to come back', async () => {
    const slots = new AnswerSlots({ atOnce: 2, waiting: 2, waitMs: 10_000 });
    const work = new Work();
    const answers = Array.from({ length: 4 }, () => slots.run(work.start));
    await expect(slots.run(work.start)).rejects.toMatchObject({
      kind: 'too_many',
      code: 'too_many_requests',
      options: { retryAfterMs: 1_000 },
    });
    await waitFor(() => work.begun === 2);
    work.endOne(1);
    await waitFor(() => work.begun === 3);
    expect(await answers[0]).toBe(1);
    work.endOne(2);
    await waitFor(() => work.begun === 4);
    work.endOne(3);
    work.endOne(4);
    expect(await Promise.all(answers)).toEqual([1, 2, 3, 4]);
  });

  it('turns away who waited too long, and gives the place to the next', async () => {
    const slots = new AnswerSlots({ atOnce: 1, waiting: 5, waitMs: 50 });
    const work = new Work();
    const first = slots.run(work.start);
    await expect(slots.run(work.start)).rejects.toMatchObject({ code: 'too_many_requests' });
    const third = slots.run(work.start);
    work.endOne();
    await waitFor(() => work.begun === 2);
    work.endOne();
    await Promise.all([first, third]);
  });

  it('has its place back also after work that failed', async () => {
    const slots = new AnswerSlots({ atOnce: 1, waiting: 0, waitMs: 50 });
    for (let n = 0; n < 3; n++) await expect(slots.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await slots.run(() => Promise.resolve(1))).toBe(1);
  });
});

describe('answering', () => {
  const limits = { atOnce: 2, waiting: 1, waitMs: 10_000 };

  it('keeps places for what changes something, however many look', async () => {
    const answering = new Answering(limits, limits);
    const work = new Work();
    const looks = Array.from({ length: 3 }, (_, n) => answering.run(look, { n }, work.start));
    await expect(answering.run(look, { n: 9 }, work.start)).rejects.toMatchObject({ code: 'too_many_requests' });
    expect(await answering.run(act, { context: { correlationId: '' }, n: 1 }, () => Promise.resolve('done'))).toBe(
      'done',
    );
    for (let n = 1; n <= 3; n++) {
      await waitFor(() => work.begun >= Math.min(3, n));
      work.endOne();
    }
    await Promise.all(looks);
  });

  it('works once for all who ask the same, but not with an answer that was begun before they asked', async () => {
    const answering = new Answering(limits, limits);
    const work = new Work();
    const first = answering.run(look, { n: 1 }, work.start);
    await waitFor(() => work.begun === 1);
    const later = Array.from({ length: 60 }, () => answering.run(look, { n: 1 }, work.start));
    work.endOne(1);
    await waitFor(() => work.begun === 2);
    const last = answering.run(look, { n: 1 }, work.start);
    work.endOne(2);
    await waitFor(() => work.begun === 3);
    work.endOne(3);
    expect([await first, new Set(await Promise.all(later)), await last]).toEqual([1, new Set([2]), 3]);
  });

  it('tells all who share a question that it failed, and answers the next one', async () => {
    const answering = new Answering(limits, limits);
    const shared = [1, 2].map(() => answering.run(look, { n: 1 }, () => Promise.reject(new Error('no'))));
    for (const one of shared) await expect(one).rejects.toThrow('no');
    expect(await answering.run(look, { n: 1 }, () => Promise.resolve('yes'))).toBe('yes');
  });

  it('does each change for itself', async () => {
    const answering = new Answering(limits, { ...limits, waiting: 10 });
    const input = { context: { correlationId: '' }, n: 1 };
    let done = 0;
    await Promise.all(Array.from({ length: 8 }, () => answering.run(act, input, () => Promise.resolve((done += 1)))));
    expect(done).toBe(8);
  });
});
