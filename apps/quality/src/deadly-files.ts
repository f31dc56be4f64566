import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** Times that a decoder may die of one file before it is not decoded any more. */
const maxDeaths = 2;
/**
 * Looks at one file that may be cut off with the whole service. Whoever kills the service from outside hits files that
 * are not to blame, so this is more than one announcement's deliveries; an attempt that runs out of these is announced
 * again.
 */
const maxCutOff = 12;

/**
 * Remembers files whose inspection did not end: noted before the decoder is called, in a transaction of its own, and
 * forgotten when the decoder has come back with whatever it found. What stays was fatal, to the decoder or to the whole
 * service.
 */
@Injectable()
export class DeadlyFiles {
  constructor(private readonly db: DataSource) {}

  /** Notes that a file is about to be decoded. Resolves to why it must not be, or undefined. */
  async begin(artifactId: string, at: Date): Promise<string | undefined> {
    const [earlier]: { deaths: number; cut_off: number }[] = await this.db.query(
      'select deaths, cut_off from deadly_file where artifact_id = $1',
      [artifactId],
    );
    if (earlier && earlier.deaths >= maxDeaths)
      return `it killed its decoder ${earlier.deaths === 2 ? 'twice' : `${earlier.deaths} times`}`;
    if (earlier && earlier.cut_off >= maxCutOff)
      return `the service ended ${earlier.cut_off} times while it was decoded`;
    // Counted as cut off until the decoder says otherwise.
    await this.db.query(
      `insert into deadly_file (artifact_id, deaths, cut_off, at) values ($1, 0, 1, $2)
       on conflict (artifact_id) do update set cut_off = deadly_file.cut_off + 1, at = excluded.at`,
      [artifactId, at],
    );
    return undefined;
  }

  /** The decoder died and the service did not. */
  async died(artifactId: string): Promise<void> {
    await this.db.query(
      'update deadly_file set deaths = deaths + 1, cut_off = greatest(cut_off - 1, 0) where artifact_id = $1',
      [artifactId],
    );
  }

  async survived(artifactId: string): Promise<void> {
    await this.db.query('delete from deadly_file where artifact_id = $1', [artifactId]);
  }
}
