/** Corners in pixels, right and bottom inclusive as in Fast R-CNN. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface ScoredBox extends Box {
  /** 0..1 */
  readonly score: number;
}

/** Indices by falling score; equal scores keep their order, on which the kept set depends. */
const byFallingScore = (boxes: readonly { readonly score: number }[]): number[] =>
  boxes.map((_, index) => index).sort((left, right) => boxes[right]!.score - boxes[left]!.score || left - right);

/**
 * Greedy suppression: a box goes when its overlap with a better one exceeds the limit; exactly the limit stays. Widths
 * and heights count both borders (+1); all arithmetic in 32 bits; classes are ignored. Formula source: insightface 2.1
 * `SCRFD.nms`, imgutils 0.19 `_yolo_nms`.
 * @returns indices of the kept boxes, best first
 */
export function suppressOverlaps(boxes: readonly ScoredBox[], maxOverlap: number): number[] {
  const f = Math.fround;
  const limit = f(maxOverlap);
  const left = Float32Array.from(boxes, (box) => box.left);
  const top = Float32Array.from(boxes, (box) => box.top);
  const right = Float32Array.from(boxes, (box) => box.right);
  const bottom = Float32Array.from(boxes, (box) => box.bottom);
  const side = (from: number, to: number): number => f(f(to - from) + 1);
  const areas = Float32Array.from(boxes, (_, index) =>
    f(side(left[index]!, right[index]!) * side(top[index]!, bottom[index]!)),
  );
  const overlap = (i: number, j: number): number => {
    const width = Math.max(0, side(Math.max(left[i]!, left[j]!), Math.min(right[i]!, right[j]!)));
    const height = Math.max(0, side(Math.max(top[i]!, top[j]!), Math.min(bottom[i]!, bottom[j]!)));
    const shared = f(width * height);
    return f(shared / f(f(areas[i]! + areas[j]!) - shared));
  };
  const kept: number[] = [];
  let candidates = byFallingScore(boxes);
  while (candidates.length > 0) {
    const [best, ...rest] = candidates as [number, ...number[]];
    kept.push(best);
    candidates = rest.filter((index) => overlap(best, index) <= limit);
  }
  return kept;
}
