import { newId } from '@tower/kit';
import { PreviewWishes } from './preview-wishes';

const [job, other] = [newId(), newId()];
const say = (wishes: PreviewWishes, type: string, job_id?: string) =>
  wishes.hear(JSON.stringify({ type, topic: 'previews', ...(job_id === undefined ? {} : { job_id }) }));

describe('what a client wants to be shown', () => {
  it('is nothing until it says so', () => {
    const wishes = new PreviewWishes(undefined);
    expect([wishes.isEmpty, wishes.has(job)]).toEqual([true, false]);
  });

  it('are single jobs or all of them, and it is told what holds', () => {
    const wishes = new PreviewWishes(undefined);
    const holds = (all: boolean, ...job_ids: string[]) => ({ type: 'subscribed', topic: 'previews', all, job_ids });
    expect(say(wishes, 'subscribe', job.toUpperCase())).toEqual(holds(false, job));
    expect([wishes.has(job), wishes.has(other), wishes.isEmpty]).toEqual([true, false, false]);
    expect(say(wishes, 'subscribe')).toEqual(holds(true, job));
    expect(wishes.has(other)).toBe(true);
    expect(say(wishes, 'unsubscribe', job)).toEqual(holds(true));
    expect(say(wishes, 'unsubscribe')).toEqual(holds(false));
    expect(wishes.isEmpty).toBe(true);
  });

  it('on the socket of a job is that job', () => {
    const wishes = new PreviewWishes(job);
    expect(say(wishes, 'subscribe')).toMatchObject({ all: false, job_ids: [job] });
    expect(say(wishes, 'subscribe', other)).toMatchObject({ type: 'error', code: 'message_invalid' });
    expect(wishes.has(other)).toBe(false);
  });

  it('are so many jobs and not more', () => {
    const wishes = new PreviewWishes(undefined);
    const jobs = Array.from({ length: 100 }, newId);
    for (const one of jobs) expect(say(wishes, 'subscribe', one).type).toBe('subscribed');
    expect(say(wishes, 'subscribe', jobs[0]).type).toBe('subscribed');
    expect(say(wishes, 'subscribe', job)).toMatchObject({ type: 'error', code: 'too_many_subscriptions' });
  });

  it.each([
    undefined,
    '',
    'hello',
    'null',
    '{"type":"subscribe"}',
    '{"type":"subscribe","topic":"events"}',
    '{"type":"subscribe","topic":"previews","job_id":"1"}',
    '{"type":"subscribe","topic":"previews","rate":60}',
  ])('is not understood where it says %j', (text) => {
    const wishes = new PreviewWishes(undefined);
    expect(wishes.hear(text)).toMatchObject({ type: 'error', code: 'message_invalid' });
    expect(wishes.isEmpty).toBe(true);
  });
});
