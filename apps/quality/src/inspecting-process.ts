import { serveDecoding } from '@tower/imaging';
import { AppError } from '@tower/kit';
import type { Inspection, InspectionAnswer } from './file-inspector';
import { FilmMeter } from './film-meter';
import { inspectFile } from './findings';
import { LibraryReader } from './library-reader';

const films = new FilmMeter();

serveDecoding(async ({ root, file }: Inspection): Promise<InspectionAnswer> => {
  try {
    return { findings: await inspectFile(new LibraryReader(root), films, file) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { kind, code, message } = error;
    return { refused: { kind, code, message } };
  }
});
