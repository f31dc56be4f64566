import { suppressOverlaps } from '../detection/overlap';
import { readVectors } from './vector-files';

const { cases } = readVectors<{
  cases: { id: string; threshold: number; boxes: [number, number, number, number, number][]; keep: number[]; keepYoloNms: number[] }[];
}>('05_nms');

describe('nms', () => {
  it.each(cases.map((vector) => [vector.id, vector] as const))('%s', (_, { threshold, boxes, keep, keepYoloNms }) => {
    const kept = suppressOverlaps(
      boxes.map(([left, top, right, bottom, score]) => ({ left, top, right, bottom, score })),
      threshold,
    );
    expect(kept).toEqual(keep);
    // imgutils orders equal scores arbitrarily; the kept places are what must agree.
    const places = (indices: readonly number[]): string[] => indices.map((index) => boxes[index]!.join()).sort();
    expect(places(kept)).toEqual(places(keepYoloNms));
  });
});
