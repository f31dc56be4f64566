import type { DetectedFace } from '../detection/scrfd';
import { measured, notComputed, type Outcome } from '../score';
import type { FaceLandmarks } from './alignment';

/** Guards of insightface's examples (quality-metrics 2.4): below them ArcFace still answers, with noise. */
export const FACE_MIN_SIDE_PX = 40;
export const FACE_MIN_SCORE = 0.5;
/** Distance of the nose from the middle of the eyes, in eye distances, sideways; beyond it the far eye is guessed. */
export const FACE_MAX_NOSE_OFFSET = 0.35;

/** A second face this large compared with the first is another candidate, not a passer-by. */
export const FACE_AMBIGUOUS_AREA_RATIO = 0.5;

export type FaceWithLandmarks = DetectedFace & { readonly landmarks: FaceLandmarks };

/**
 * The one face whose identity a picture of a single character shows.
 * @returns no_face; low_quality_face when none is good enough; ambiguous_faces when two are of similar size
 */
export function chooseIdentityFace(faces: readonly DetectedFace[]): Outcome<FaceWithLandmarks> {
  if (faces.length === 0) return notComputed('no_face');
  const good = faces
    .filter((face): face is FaceWithLandmarks => face.landmarks !== undefined)
    .filter(isGoodFace)
    .sort((left, right) => areaOf(right) - areaOf(left));
  const [largest, second] = good;
  if (largest === undefined) return notComputed('low_quality_face');
  if (second !== undefined && areaOf(second) >= FACE_AMBIGUOUS_AREA_RATIO * areaOf(largest))
    return notComputed('ambiguous_faces');
  return measured(largest);
}

const areaOf = ({ left, top, right, bottom }: DetectedFace): number => (right - left) * (bottom - top);

function isGoodFace(face: FaceWithLandmarks): boolean {
  const side = Math.min(face.right - face.left, face.bottom - face.top);
  return side >= FACE_MIN_SIDE_PX && face.score >= FACE_MIN_SCORE && noseOffset(face.landmarks) <= FACE_MAX_NOSE_OFFSET;
}

/**
 * 0 for a frontal face; measured along the line of the eyes, so a tilted head is not a turned one. Infinity without
 * eyes.
 */
export function noseOffset([leftEye, rightEye, nose]: FaceLandmarks): number {
  const eyeX = rightEye[0] - leftEye[0];
  const eyeY = rightEye[1] - leftEye[1];
  const distance = Math.hypot(eyeX, eyeY);
  if (!(distance > 0)) return Infinity;
  const fromX = nose[0] - (leftEye[0] + rightEye[0]) / 2;
  const fromY = nose[1] - (leftEye[1] + rightEye[1]) / 2;
  return Math.abs(fromX * eyeX + fromY * eyeY) / (distance * distance);
}
