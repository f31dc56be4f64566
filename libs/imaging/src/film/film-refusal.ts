export const filmRefusalReasons = [
  'no_decoder',
  'not_a_film',
  'no_frames',
  'undecodable',
  'too_many_pixels',
  'too_many_frames',
  'size_changes',
  'too_slow',
  'over_budget',
] as const;
export type FilmRefusalReason = (typeof filmRefusalReasons)[number];

/** The film is at fault, or for `no_decoder` the machine. */
export class FilmRefusal extends Error {
  override readonly name = 'FilmRefusal';
  constructor(
    readonly reason: FilmRefusalReason,
    message: string,
    options: { readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
  }
}
