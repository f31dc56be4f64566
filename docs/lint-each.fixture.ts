import { spawnSync } from 'node:child_process';
import { repositoryRoot } from '@tower/kit';

export interface LintMessage {
  ruleId: string | null;
  line: number;
  message: string;
}

/** A text, and the file that it is read as. */
type Text = readonly [file: string, source: string];

/**
 * Reads texts from standard input and answers, in the last line, what ESLint says of each; before it Nx may have said
 * that it has no graph. One process, which draws up the types once.
 */
const program = `
  const { ESLint } = require('eslint');
  const { readFileSync } = require('node:fs');
  (async () => {
    const eslint = new ESLint();
    const found = [];
    for (const [filePath, source] of JSON.parse(readFileSync(0, 'utf8')))
      found.push((await eslint.lintText(source, { filePath }))[0].messages);
    process.stdout.write('\\n' + JSON.stringify(found));
  })();`;

/** What ESLint, with this repository's own configuration, says of each text as if it were that file. */
export function lintEach(texts: readonly Text[]): LintMessage[][] {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['-e', program], {
    cwd: repositoryRoot,
    input: JSON.stringify(texts),
    encoding: 'utf8',
    // In a single run the typed parser would read the file from disk and never see our text.
    env: { ...process.env, TSESTREE_SINGLE_RUN: 'false' },
  });
  if (status !== 0) throw new Error(`eslint: ${stderr}`);
  return JSON.parse(stdout.slice(stdout.lastIndexOf('\n') + 1)) as LintMessage[][];
}
