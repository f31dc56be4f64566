import fc from 'fast-check';
import { heapify, heappop, heappush } from './heapq';

const less = (a: number, b: number): boolean => a < b;

function drain(heap: number[]): number[] {
  const out: number[] = [];
  while (heap.length > 0) out.push(heappop(heap, less));
  return out;
}

describe('heapq', () => {
  it('lays numbers out as Python does', () => {
    const heap: number[] = [];
    for (const number of [3, 4, 5, -1, -2]) heappush(heap, number, less);
    expect(heap).toEqual([-2, -1, 5, 4, 3]);
  });

  it('gives numbers back in order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.array(fc.integer()), (first, later) => {
        const heap = [...first];
        heapify(heap, less);
        for (const number of later) heappush(heap, number, less);
        expect(drain(heap)).toEqual([...first, ...later].sort((a, b) => a - b));
      }),
    );
  });

  it('keeps an item whose comparison throws, and every other', () => {
    const heap = [1, 2];
    const torn = (): boolean => {
      throw new TypeError('no order');
    };
    expect(() => heappush(heap, 3, torn)).toThrow('no order');
    expect(heap).toEqual([1, 2, 3]);
  });
});
