import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { noteDecoded, noteDecoderDeath, noteDecodingBegun } from '../jobs/attempt-store';
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
@Injectable()
export class Decodings {
  constructor(private readonly db: DataSource) {}

  /** Resolves to why the attempt's files must not be decoded any more, or undefined. */
  async begin(attemptId: string): Promise<string | undefined> {
    const { decoderDeaths, decodingsCutOff } = await this.db.manager.findOneByOrFail(Attempt, { id: attemptId });
    if (decoderDeaths >= maxDeaths) return `the decoder died of it ${decoderDeaths} times`;
    if (decodingsCutOff >= maxCutOff)
      return `the rendering service ended ${decodingsCutOff} times while it was decoded`;
    await noteDecodingBegun(this.db.manager, attemptId);
    return undefined;
  }

  /** The decoder died and this process did not. */
  died(attemptId: string): Promise<void> {
    return noteDecoderDeath(this.db.manager, attemptId);
  }

  survived(attemptId: string): Promise<void> {
    return noteDecoded(this.db.manager, attemptId);
  }
}
