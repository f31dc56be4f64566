import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RotatingFile } from './rotating-file';

describe('RotatingFile', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tower-log-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('goes on in an existing file and keeps the newest lines in so many older files', () => {
    const path = join(folder, 'logs', 'tower.log');
    const limits = { maxBytes: 20, keep: 2 };
    for (let n = 0; n < 3; n++) {
      const file = new RotatingFile(path, limits);
      for (const letter of 'abc') file.writeLine(`${n}${letter}-------`);
      file.close();
    }
    expect(readdirSync(join(folder, 'logs')).sort()).toEqual(['tower.log', 'tower.log.1', 'tower.log.2']);
    expect(
      ['tower.log.2', 'tower.log.1', 'tower.log']
        .map((name) => readFileSync(join(folder, 'logs', name), 'utf8'))
        .join(''),
    ).toBe('1b-------\n1c-------\n2a-------\n2b-------\n2c-------\n');
  });
});
