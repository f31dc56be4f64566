import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from '@tower/kit';

export interface LintMessage {
  ruleId: string | null;
  message: string;
}

/** What ESLint, with this repository's own configuration, says of a text as if it were that file. */
export function lintAs(file: string, source: string): LintMessage[] {
  const eslint = spawnSync(
    process.execPath,
    [
      join(repositoryRoot, 'node_modules', 'eslint', 'bin', 'eslint.js'),
      '--format',
      'json',
      '--stdin',
      '--stdin-filename',
      file,
    ],
    {
      cwd: repositoryRoot,
      input: source,
      encoding: 'utf8',
      // In a single run the typed parser would read the file from disk and never see our text.
      env: { ...process.env, TSESTREE_SINGLE_RUN: 'false' },
    },
  );
  const start = eslint.stdout.indexOf('[{');
  return (JSON.parse(eslint.stdout.slice(start)) as { messages: LintMessage[] }[])[0]?.messages ?? [];
}
