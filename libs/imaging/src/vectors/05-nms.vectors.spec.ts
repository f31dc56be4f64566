import { suppressOverlaps } from '../detection/overlap';
import { describeVectors, each } from './vector-files';

describeVectors<{
  cases: {
    id: string;
    threshold: number;
    boxes: [number, number, number, number, number][];
    keep: number[];
    keepYoloNms: number[];
  }[];
}>('nms', ({ cases = [] }) => {
  each(cases.map((vector) => [vector.id, vector] as const))('%s', (_, { threshold, boxes, keep, keepYoloNms }) => {
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
