import {
  checkFileIntegrity,
  decodePicture,
  FilmRefusal,
  measureLevels,
  PictureRefusal,
  sha256,
  sha256File,
  type FilmMotion,
  type FilmRefusalReason,
  type PictureLevels,
} from '@tower/imaging';
import type { FilmMeter } from './film-meter';
import type { LibraryReader } from './library-reader';

/** What was found where an artifact should be. */
export type Findings =
  /** No file, or none that could be read. `passing`: waiting may help. */
  | { readonly state: 'absent'; readonly why: string; readonly passing: boolean }
  /** Something that we did not get to measure: larger than any picture we asked for, or the measuring itself failed. */
  | { readonly state: 'unmeasured'; readonly why: string; readonly reason?: 'decoder_missing' | 'over_budget' }
  /** A file, but not the one that was rendered; half a copy looks so too. */
  | { readonly state: 'altered'; readonly sha256: string; readonly bytes: number }
  /** The file that was rendered, and no picture comes out of it. */
  | { readonly state: 'undecodable'; readonly containerIntact: boolean; readonly why: string }
  | { readonly state: 'decoded'; readonly width: number; readonly height: number; readonly levels: PictureLevels }
  | { readonly state: 'film'; readonly film: FilmMotion };

/** A rendered file as its event describes it. */
export interface RenderedFile {
  path: string;
  sha256: string;
  mediaType: string;
  /** Only of films. */
  frames?: number | undefined;
}

/** Moving pictures are measured as films, whatever holds them. */
export const isFilm = (file: Pick<RenderedFile, 'mediaType' | 'frames'>): boolean =>
  file.mediaType.startsWith('video/') || file.frames !== undefined;

/**
 * Bytes of a file and pixels of a picture. Far above what a request may ask for (2048 x 2048); more would hold up the
 * event loop for over a tenth of a second while the levels are measured (88 ms at this size on the machine that the
 * limit was measured on).
 */
const limits = { maxBytes: 32 * 1024 * 1024, maxPixels: 4096 * 4096 };

/** Reads, verifies and measures one file. Stills are decoded on libvips' own threads, films on the meter's. */
export async function inspectFile(
  library: LibraryReader,
  films: Pick<FilmMeter, 'measure'>,
  file: RenderedFile,
): Promise<Findings> {
  return isFilm(file) ? inspectFilm(library, films, file) : inspectPicture(library, file);
}

/**
 * What is hashed and what is measured are two readings of the same place: nothing that is in the library is ever
 * overwritten.
 */
async function inspectFilm(
  library: LibraryReader,
  films: Pick<FilmMeter, 'measure'>,
  file: RenderedFile,
): Promise<Findings> {
  const place = await library.locate(file.path);
  if (place.state !== 'found') return { state: 'absent', why: place.why, passing: place.state === 'absent' };
  const actual = await sha256File(place.path).catch((error: unknown) => library.unreadable(error));
  if (typeof actual !== 'string') return { state: 'absent', why: actual.why, passing: true };
  if (actual !== file.sha256) return { state: 'altered', sha256: actual, bytes: place.bytes };
  try {
    return { state: 'film', film: await films.measure(place.path) };
  } catch (error) {
    if (!(error instanceof FilmRefusal)) throw error;
    const unmeasured = unmeasuredReasons[error.reason];
    const why = `${error.reason}: ${error.message}`;
    return unmeasured === undefined
      ? { state: 'undecodable', containerIntact: false, why }
      : { state: 'unmeasured', why, reason: unmeasured };
  }
}

/** Refusals that say nothing about the film itself. */
const unmeasuredReasons: Partial<Record<FilmRefusalReason, 'decoder_missing' | 'over_budget'>> = {
  no_decoder: 'decoder_missing',
  over_budget: 'over_budget',
  too_slow: 'over_budget',
  too_many_frames: 'over_budget',
  too_many_pixels: 'over_budget',
};

async function inspectPicture(library: LibraryReader, file: RenderedFile): Promise<Findings> {
  const found = await library.read(file.path, limits.maxBytes);
  if (found.state === 'too_large')
    return {
      state: 'unmeasured',
      why: `${found.bytes} bytes, more than the ${limits.maxBytes} of any picture of ours`,
    };
  if (found.state !== 'read') return { state: 'absent', why: found.why, passing: found.state === 'absent' };
  const { bytes } = found;
  const actual = sha256(bytes);
  if (actual !== file.sha256) return { state: 'altered', sha256: actual, bytes: bytes.length };
  const container = await checkFileIntegrity(bytes, limits);
  try {
    const picture = await decodePicture(bytes, limits);
    return container.intact
      ? { state: 'decoded', width: picture.width, height: picture.height, levels: measureLevels(picture) }
      : {
          state: 'undecodable',
          containerIntact: false,
          why: `${container.format}: ${container.fault} at byte ${container.offset}`,
        };
  } catch (error) {
    if (error instanceof PictureRefusal)
      return { state: 'undecodable', containerIntact: container.intact, why: `${error.reason}: ${error.message}` };
    throw error;
  }
}

/** The file may still come, or come right: rendering says that it wrote it, and shared storage may lag behind. */
export const mayPass = (findings: Findings): boolean =>
  findings.state === 'altered' || (findings.state === 'absent' && findings.passing);

export function describeFindings(findings: Findings): string {
  switch (findings.state) {
    case 'absent':
      return `cannot be read: ${findings.why}`;
    case 'unmeasured':
      return `was not measured: ${findings.why}`;
    case 'altered':
      return `is another file than was rendered: ${findings.bytes} bytes with SHA-256 ${findings.sha256}`;
    case 'undecodable':
      return `does not decode: ${findings.why}`;
    case 'decoded':
      return `decoded, ${findings.width} x ${findings.height}`;
    case 'film':
      return (
        `decoded, ${findings.film.facts.width} x ` +
        `${findings.film.facts.height}, ${findings.film.facts.frames} frames`
      );
  }
}
