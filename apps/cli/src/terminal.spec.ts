import { PassThrough } from 'node:stream';
import { fit, Terminal } from './terminal';

function screen(isTTY: boolean): { terminal: Terminal; written: () => string } {
  const out = Object.assign(new PassThrough(), { isTTY, columns: 20 });
  let text = '';
  out.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { terminal: new Terminal(out as unknown as NodeJS.WriteStream, {}), written: () => text };
}

describe('Terminal', () => {
  it('draws lines anew in place, and lets others pass above them', () => {
    const { terminal, written } = screen(true);
    terminal.draw(['one', 'two']);
    terminal.print('passing');
    terminal.draw(['three']);
    const [end, below] = ['\u001b[K\n', '\u001b[J'];
    expect(written()).toBe(
      `one${end}two${end}\u001b[2Apassing${end}one${end}two${end}${below}\u001b[2Athree${end}${below}`,
    );
  });

  it('draws nothing twice, and cuts what would wrap', () => {
    const { terminal, written } = screen(true);
    terminal.draw(['x'.repeat(50)]);
    terminal.draw(['x'.repeat(50)]);
    expect(written()).toBe(`${'x'.repeat(19)}\u001b[K\n`);
  });

  it('takes a usual size for a terminal that nobody gave one', () => {
    const out = Object.assign(new PassThrough(), { isTTY: true, columns: 0, rows: 0 });
    const { columns, rows } = new Terminal(out as unknown as NodeJS.WriteStream, {});
    expect([columns, rows]).toEqual([100, 24]);
  });

  it('writes only the lines that stay when nobody watches', () => {
    const { terminal, written } = screen(false);
    terminal.draw(['bar']);
    terminal.print('line');
    expect(written()).toBe('line\n');
  });
});

describe('fit', () => {
  it('counts letters, not colours', () => {
    expect(fit('\u001b[31mred\u001b[0m and more', 5)).toBe('\u001b[31mred\u001b[0m a\u001b[0m');
    expect(fit('short', 10)).toBe('short');
  });
});
