import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openApiDocument } from './docs/openapi';

/** Rewrites the document that is checked in; a spec fails while it differs from the code. */
writeFileSync(join(__dirname, '..', 'openapi.json'), `${JSON.stringify(openApiDocument(), null, 2)}\n`);
