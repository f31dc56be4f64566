import { FilmRefusal, PictureRefusal, type FilmRefusalReason, type PictureRefusalReason } from '@tower/imaging';

/** What decodes and is still nothing that the nodes of a workflow would take for what it is. */
export type WrongInput =
  'film_for_picture' | 'deep_grey' | 'still_for_film' | 'animation_for_film' | 'variable_rate' | 'oblong_pixels';

const wrongInputs: Record<WrongInput, string> = {
  film_for_picture:
    'must be a picture; this is a film: give one of its frames (ffmpeg -i a.mp4 ' +
    '-frames:v 1 a.png), or name a workflow for films',
  deep_grey: 'is grey with 16 bits, which ComfyUI turns nearly white: save it with 8 bits a channel',
  still_for_film: 'must be a film; this is a still',
  animation_for_film:
    'must be a film; this is an animated picture, which the nodes read wrongly or not at all: make it an MP4 or WebM',
  variable_rate:
    'shows its frames for unequal times, and the result would not: make its ' +
    'rate even (ffmpeg -i a.mp4 -vf fps=24 b.mp4)',
  oblong_pixels: 'has pixels that are not square: make them so (ffmpeg -i a.mp4 -vf scale=iw*sar:ih,setsar=1 b.mp4)',
};

/** In words for the person who named the file, with what to do about it. */
export const textOfWrong = (wrong: WrongInput): string => wrongInputs[wrong];

const pictureRemedies: Partial<Record<PictureRefusalReason, string>> = {
  animated: 'give one of its frames as PNG',
  cmyk: 'save it as RGB',
  unsupported_format: 'save it as PNG, JPEG or WebP',
  svg: 'draw it as PNG',
  truncated: 'the file is not whole: copy it again',
  empty: 'the file is not whole: copy it again',
  too_many_pixels: 'make it smaller',
  too_many_bytes: 'make it smaller',
};

const filmRemedies: Partial<Record<FilmRefusalReason, string>> = {
  not_a_film: 'films are MP4, QuickTime, WebM and Matroska, whole and with pictures in them',
  no_frames: 'it has no pictures: look at it in a player',
  undecodable:
    'the file is damaged or not whole: copy it again, or encode it anew (ffmpeg -i a.mp4 -c:v libx264 b.mp4)',
  too_many_frames: 'cut it',
  too_many_pixels: 'make it smaller',
  too_slow: 'cut it, or make it smaller',
  over_budget: 'make it smaller',
};

/**
 * Why a file cannot be decoded, for who named it, with what to do where that is known; `no_decoder` is none of these.
 */
export function textOfRefusal(refusal: PictureRefusal | FilmRefusal): string {
  if (refusal instanceof PictureRefusal) {
    const said =
      refusal.reason === 'animated'
        ? 'must be a still; this file moves'
        : `is no picture that can be read: ${refusal.message}`;
    return withRemedy(said, pictureRemedies[refusal.reason]);
  }
  // Where it lies on the server is nobody's business.
  const message = refusal.message.replace(/(?:file:)?\/[^\s:]*/g, 'the file');
  return withRemedy(`is no film that can be read: ${message}`, filmRemedies[refusal.reason]);
}

const withRemedy = (said: string, remedy: string | undefined): string =>
  remedy === undefined ? said : `${said}; ${remedy}`;
