import { serveDecoding } from '@tower/imaging';
import type { Inspection } from './file-inspector';
import { FilmMeter } from './film-meter';
import { inspectFile } from './findings';
import { Library } from './library';

const films = new FilmMeter();

serveDecoding(({ root, file }: Inspection) => inspectFile(new Library(root), films, file));
