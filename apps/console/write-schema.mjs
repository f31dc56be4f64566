import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import openapiTypescript, { astToString } from 'openapi-typescript';
import { format, resolveConfig } from 'prettier';

/** Rewrites the types of the interface as the gateway's document has them; `--check` only says whether they differ. */

const folder = import.meta.dirname;
const file = join(folder, 'src', 'api', 'schema.d.ts');
const document = JSON.parse(readFileSync(join(folder, '..', 'gateway', 'openapi.json'), 'utf8'));
const head = '// Written from apps/gateway/openapi.json by `npm run drift`; changes by hand are lost.\n\n';
const text = head + astToString(await openapiTypescript(document, { defaultNonNullable: false }));
const types = await format(text, { ...(await resolveConfig(file)), parser: 'typescript' });
if (!process.argv.includes('--check')) writeFileSync(file, types);
else if (readFileSync(file, 'utf8') !== types) {
  process.stderr.write('the types of the interface are not those of apps/gateway/openapi.json: run `npm run drift`\n');
  process.exit(1);
}
