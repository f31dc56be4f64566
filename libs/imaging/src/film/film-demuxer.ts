import { FilmRefusal } from './film-refusal';
import { beginsAsPng, movingFormatOf, type MovingFormat } from './moving-format';

export type FilmDemuxer = 'mov' | 'matroska' | 'apng';

const demuxers: Partial<Record<MovingFormat, FilmDemuxer>> = { mp4: 'mov', webm: 'matroska', matroska: 'matroska' };

/**
 * ffmpeg's name for the container that the first bytes of a film speak of. Left to guess, ffmpeg also takes playlists
 * and scripts, which name other files and addresses, whatever the file is called.
 * @throws FilmRefusal not_a_film; the file system's error
 */
export async function demuxerOf(path: string): Promise<FilmDemuxer> {
  const format = await movingFormatOf(path);
  if (format === undefined && (await beginsAsPng(path))) return 'apng';
  const demuxer = format === undefined ? undefined : demuxers[format];
  if (demuxer === undefined)
    throw new FilmRefusal('not_a_film', `${path} does not begin as an MP4, QuickTime, WebM, Matroska or PNG film`);
  return demuxer;
}
