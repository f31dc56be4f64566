/**
 * The most that Tower reads of what a card made; a request that promises more is refused before anything runs. Far
 * above what workflows are for, little enough for a server that renders meanwhile. Pixels of one frame, frames, seconds
 * of decoding.
 */
export const readableFilm = { maxPixels: 4096 * 4096, maxFrames: 4_000, maxSeconds: 300 };
/** Pixels and bytes of the file. */
export const readablePicture = { maxPixels: 8192 * 8192, maxBytes: 256 * 1024 * 1024 };
