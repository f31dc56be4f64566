import type { FaceLandmarks, Point } from './alignment';
import { chooseIdentityFace, noseOffset } from './face-choice';

const frontal: FaceLandmarks = [
  [30, 40],
  [70, 40],
  [50, 60],
  [35, 80],
  [65, 80],
];
const aFace = (change: object = {}) => ({
  left: 0,
  top: 0,
  right: 100,
  bottom: 120,
  score: 0.9,
  landmarks: frontal,
  ...change,
});

describe('the face that shows the identity', () => {
  it('is the only good one', () => {
    const small = aFace({ left: 200, right: 240, bottom: 40 });
    expect(chooseIdentityFace([small, aFace()])).toEqual({ state: 'computed', value: aFace() });
  });

  it('is none, a bad one, or one of two', () => {
    expect(chooseIdentityFace([])).toEqual({ state: 'not_computed', reason: 'no_face' });
    const { landmarks: _, ...withoutLandmarks } = aFace();
    for (const bad of [aFace({ right: 39 }), aFace({ score: 0.49 }), withoutLandmarks])
      expect(chooseIdentityFace([bad])).toEqual({ state: 'not_computed', reason: 'low_quality_face' });
    expect(chooseIdentityFace([aFace(), aFace({ left: 200, right: 280 })])).toEqual({
      state: 'not_computed',
      reason: 'ambiguous_faces',
    });
  });

  it('does not look sideways, and may be tilted', () => {
    const turned: FaceLandmarks = [frontal[0], frontal[1], [65, 60], frontal[3], frontal[4]];
    expect(noseOffset(frontal)).toBe(0);
    expect(noseOffset(turned)).toBeCloseTo(15 / 40, 12);
    expect(chooseIdentityFace([aFace({ landmarks: turned })])).toEqual({
      state: 'not_computed',
      reason: 'low_quality_face',
    });
    const tilt = ([x, y]: Point): Point => [x * 0.8 - y * 0.6, x * 0.6 + y * 0.8];
    const tilted: FaceLandmarks = [
      tilt(frontal[0]),
      tilt(frontal[1]),
      tilt(frontal[2]),
      tilt(frontal[3]),
      tilt(frontal[4]),
    ];
    expect(noseOffset(tilted)).toBeCloseTo(0, 12);
    expect(noseOffset([frontal[0], frontal[0], frontal[2], frontal[3], frontal[4]])).toBe(Infinity);
  });
});
