import { DataSource } from 'typeorm';
import { Attempt } from '../jobs/attempt.entity';

/**
 * Times that a decoder may die of an attempt's files, and that this process may end meanwhile, before the files are not
 * decoded any more.
 */
const maxDeaths = 2;
const maxCutOff = 3;

/**
 * Remembers decodings of an attempt's outputs that did not end: noted before the decoder is called, in a transaction of
 * its own, and struck when it has come back with whatever it found. No file is so decoded for ever, whomever it ends.
 */
export class Decodings {
  constructor(private readonly db: DataSource) {}

  /** Resolves to why the attempt's files must not be decoded any more, or undefined. */
  async begin(attemptId: string): Promise<string | undefined> {
    const { decoderDeaths, decodingsCutOff } = await this.db.manager.findOneByOrFail(Attempt, { id: attemptId });
    if (decoderDeaths >= maxDeaths) return `the decoder died of it ${decoderDeaths} times`;
    if (decodingsCutOff >= maxCutOff)
      return `the rendering service ended ${decodingsCutOff} times while it was decoded`;
    await this.db.manager.increment(Attempt, { id: attemptId }, 'decodingsCutOff', 1);
    return undefined;
  }

  /** The decoder died and this process did not. */
  async died(attemptId: string): Promise<void> {
    await this.db.query(
      'update attempt set decoder_deaths = decoder_deaths + 1, decodings_cut_off = greatest(decodings_cut_off - 1, 0) where id = $1',
      [attemptId],
    );
  }

  async survived(attemptId: string): Promise<void> {
    await this.db.manager.update(Attempt, { id: attemptId }, { decoderDeaths: 0, decodingsCutOff: 0 });
  }
}
