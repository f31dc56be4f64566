import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Real: the program that writes the types. */
it('describes the interface as the gateway does; after a change run `npm run drift`', () => {
  const program = join(__dirname, '..', '..', 'write-schema.mjs');
  const { status, stderr } = spawnSync(process.execPath, [program, '--check'], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
});
