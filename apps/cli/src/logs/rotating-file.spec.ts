import {
  closeSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  rmdirSync,
} from 'node:fs';
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

  it('has every line on the disk before it goes on', () => {
    const path = join(folder, 'at-once', 'tower.log');
    const file = new RotatingFile(path, { maxBytes: 20, keep: 2 });
    for (const letter of 'abc') {
      file.writeLine(`${letter}--------`);
      expect(readFileSync(path, 'utf8')).toMatch(new RegExp(`${letter}--------\n$`));
    }
    file.close();
  });

  it('goes on after a rotation that failed, and closes nobody else’s file', () => {
    const path = join(folder, 'in-the-way', 'tower.log');
    const file = new RotatingFile(path, { maxBytes: 20, keep: 2 });
    mkdirSync(`${path}.2`);
    file.writeLine('1--------');
    file.writeLine('2--------');
    expect(() => file.writeLine('3--------')).toThrow();
    const others = openSync(__filename, 'r');
    expect(() => file.writeLine('4--------')).toThrow();
    expect(fstatSync(others).isFile()).toBe(true);
    closeSync(others);
    rmdirSync(`${path}.2`);
    file.writeLine('5--------');
    file.close();
    expect([readFileSync(`${path}.1`, 'utf8'), readFileSync(path, 'utf8')]).toEqual([
      '1--------\n2--------\n',
      '5--------\n',
    ]);
  });
});
