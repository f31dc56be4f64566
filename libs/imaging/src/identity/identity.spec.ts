import fc from 'fast-check';
import { alignFace, estimateFaceMatrix, type FaceLandmarks, type Point } from './alignment';
import { mergeEmbeddings, similarityToReferences } from './ccip';
import { compareEmbeddings, cosine, type Embedding } from './embedding';
import { noisePicture } from '../vectors/generated-pictures';

const face: FaceLandmarks = [
  [210, 180],
  [330, 170],
  [275, 250],
  [225, 330],
  [322, 321],
];
const moved = (turn: (point: Point) => Point): FaceLandmarks => [
  turn(face[0]),
  turn(face[1]),
  turn(face[2]),
  turn(face[3]),
  turn(face[4]),
];
const of = (...values: number[]): Embedding => ({ contractId: 'c', vector: Float32Array.from(values) });

describe('face alignment', () => {
  it('undoes any turn, scale and shift of the landmarks', () => {
    const reference = estimateFaceMatrix(face, 112);
    fc.assert(
      fc.property(
        fc.double({ min: -3, max: 3, noNaN: true }),
        fc.double({ min: 0.2, max: 5, noNaN: true }),
        fc.integer({ min: -500, max: 500 }),
        (angle, scale, shift) => {
          const [c, s] = [Math.cos(angle) * scale, Math.sin(angle) * scale];
          const turned = estimateFaceMatrix(
            moved(([x, y]) => [c * x - s * y + shift, s * x + c * y - shift]),
            112,
          );
          if (reference.state !== 'computed' || turned.state !== 'computed') throw new Error('not computed');
          const apply = (m: readonly number[], [x, y]: Point): Point => [
            m[0]! * x + m[1]! * y + m[2]!,
            m[3]! * x + m[4]! * y + m[5]!,
          ];
          const [x, y] = face[2];
          const direct = apply(reference.value, face[2]);
          const through = apply(turned.value, [c * x - s * y + shift, s * x + c * y - shift]);
          expect(through[0]).toBeCloseTo(direct[0], 6);
          expect(through[1]).toBeCloseTo(direct[1], 6);
        },
      ),
    );
  });

  it('never mirrors: landmarks of a mirrored face are turned as far as turning goes', () => {
    const mirrored = estimateFaceMatrix(
      moved(([x, y]) => [-x, y]),
      112,
    );
    if (mirrored.state !== 'computed') throw new Error(mirrored.reason);
    const [a, b, , c, d] = mirrored.value;
    expect(a * d - b * c).toBeGreaterThan(0);
  });

  it.each([100, 0, -112, NaN, 113])('refuses the size %p', (size) => {
    expect(() => estimateFaceMatrix(face, size)).toThrow(RangeError);
  });

  it('passes on why there is no face', () => {
    expect(
      alignFace(noisePicture(40, 40, 1), [
        [1, 1],
        [1, 1],
        [1, 1],
        [1, 1],
        [1, 1],
      ]),
    ).toEqual({ state: 'not_computed', reason: 'degenerate_landmarks' });
    expect(
      alignFace(noisePicture(40, 40, 1), [
        [Infinity, 1],
        [2, 1],
        [3, 1],
        [4, 1],
        [5, 1],
      ]),
    ).toEqual({ state: 'not_computed', reason: 'degenerate_landmarks' });
  });
});

describe('embeddings', () => {
  it('compare by direction alone', () => {
    const same = compareEmbeddings(of(1, 2, 2), of(3, 6, 6));
    expect(same.state === 'computed' && same.value).toBeCloseTo(1, 12);
    expect(compareEmbeddings(of(1, 0), of(0, 5))).toEqual({ state: 'computed', value: 0 });
  });

  it('of different contracts, sizes or without direction are not compared', () => {
    expect(compareEmbeddings(of(1, 0), { ...of(1, 0), contractId: 'd' })).toEqual({
      state: 'not_computed',
      reason: 'embedding_contract_mismatch',
    });
    expect(compareEmbeddings(of(1, 0), of(1, 0, 0))).toEqual({
      state: 'not_computed',
      reason: 'embedding_contract_mismatch',
    });
    expect(compareEmbeddings(of(1, 0), of(0, 0))).toEqual({ state: 'not_computed', reason: 'inference_failed' });
    expect(compareEmbeddings(of(1, NaN), of(1, 0))).toEqual({ state: 'not_computed', reason: 'inference_failed' });
    expect(() => cosine([1], [1, 2])).toThrow(RangeError);
  });

  it('use all references when there are fewer than three, and none is not a low score', () => {
    expect(similarityToReferences(of(1, 0), [of(2, 0), of(0, 2)])).toEqual({ state: 'computed', value: 0.5 });
    expect(similarityToReferences(of(1, 0), [])).toEqual({ state: 'not_computed', reason: 'reference_missing' });
    expect(similarityToReferences(of(1, 0), [of(1, 0), { ...of(1, 0), contractId: 'd' }])).toEqual({
      state: 'not_computed',
      reason: 'embedding_contract_mismatch',
    });
  });

  it('do not merge to a middle that is nobody', () => {
    expect(mergeEmbeddings([of(1, 0), of(-1, 0)])).toEqual({ state: 'not_computed', reason: 'inference_failed' });
    expect(mergeEmbeddings([])).toEqual({ state: 'not_computed', reason: 'reference_missing' });
    expect(mergeEmbeddings([of(1, 0), of(1, 0, 0)])).toEqual({
      state: 'not_computed',
      reason: 'embedding_contract_mismatch',
    });
  });
});
