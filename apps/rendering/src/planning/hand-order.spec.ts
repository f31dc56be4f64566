import fc from 'fast-check';
import { behindByHand, orderByHand, type HandOrder } from './hand-order';

const line = (jobs: string) => [...jobs].map((jobId) => ({ jobId }));
const text = (tasks: readonly { jobId: string }[]) => tasks.map(({ jobId }) => jobId).join('');
const before = (moved: string, other: string): HandOrder => ({ first: moved, then: other, moved });
const after = (moved: string, other: string): HandOrder => ({ first: other, then: moved, moved });

describe('an order by hand', () => {
  it.each([
    ['nothing was ordered', 'abcd', [], 'abcd'],
    ['forward', 'abcd', [before('d', 'b')], 'adbc'],
    ['to the front', 'abcd', [before('d', 'a')], 'dabc'],
    ['that holds already', 'abcd', [before('a', 'd')], 'abcd'],
    ['backward', 'abcd', [after('a', 'c')], 'bcad'],
    ['to the end', 'abcd', [after('a', 'd')], 'bcda'],
    ['backward, of one that is behind already', 'abcd', [after('d', 'a')], 'abcd'],
    ['with all tasks of a job', 'aabbcc', [before('c', 'a')], 'ccaabb'],
    ['forward twice', 'abcd', [before('d', 'a'), before('c', 'd')], 'cdab'],
    ['backward twice', 'abcd', [after('a', 'b'), after('b', 'd')], 'cdba'],
    ['both ways', 'abcd', [after('a', 'c'), before('d', 'c')], 'bdca'],
    ['of a job that is not here', 'abcd', [before('x', 'a'), after('b', 'y')], 'abcd'],
  ])('%s', (_, given, orders, expected) => {
    expect(text(orderByHand(line(given), orders))).toBe(expected);
  });

  it('keeps every task and every order, whatever is ordered without a circle', () => {
    const jobs = [...'abcdefgh'];
    const pairs = fc.array(fc.tuple(fc.nat(7), fc.nat(7), fc.boolean()), { maxLength: 12 });
    fc.assert(
      fc.property(fc.shuffledSubarray(jobs, { minLength: 8 }), pairs, (given, drawn) => {
        // Along the alphabet, so that there is no circle.
        const orders = drawn
          .filter(([a, b]) => a !== b)
          .map(([a, b, forward]): HandOrder => {
            const [first = '', then = ''] = [jobs[Math.min(a, b)], jobs[Math.max(a, b)]];
            return { first, then, moved: forward ? first : then };
          });
        const ordered = text(orderByHand(line(given.join('')), orders));
        expect([...ordered].sort()).toEqual(jobs);
        for (const { first, then } of orders) expect(ordered.indexOf(first)).toBeLessThan(ordered.indexOf(then));
      }),
    );
  });

  it('loses nothing to a circle', () => {
    const orders = [after('a', 'b'), after('b', 'a'), before('c', 'd'), before('d', 'c')];
    expect([...text(orderByHand(line('abcd'), orders))].sort()).toEqual([...'abcd']);
  });

  it('says of each job what has to start before it', () => {
    const behind = behindByHand([before('a', 'c'), after('c', 'b'), before('d', 'a')]);
    expect(Object.fromEntries(behind)).toEqual({ c: ['a', 'b'], a: ['d'] });
  });
});
