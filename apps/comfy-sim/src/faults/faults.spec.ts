import { readFileSync } from 'node:fs';
import path from 'node:path';
import { aboutKind } from './fault-kinds';
import { Faults, faultKinds, parseFault, parseFaultOrRandom } from './faults';

describe('faults', () => {
  it.each([
    ['oom@3', { kind: 'oom', node: '3' }],
    ['crash@KSampler/5', { kind: 'crash', node: 'KSampler', tick: 5 }],
    ['hang@10*2', { kind: 'hang', node: '10', times: 2 }],
    ['slow=4', { kind: 'slow', factor: 4 }],
    ['refuse=1500', { kind: 'refuse', ms: 1500 }],
    ['crash@KSampler/2=134', { kind: 'crash', node: 'KSampler', tick: 2, amount: 134 }],
    ['oom@KSampler=hip', { kind: 'oom', node: 'KSampler', word: 'hip' }],
    ['clock-skew=-3600000', { kind: 'clock-skew', ms: -3_600_000 }],
    ['missing-class@RIFE VFI', { kind: 'missing-class', node: 'RIFE VFI' }],
  ])('reads %s', (text, fault) => {
    expect(parseFault(text)).toEqual(fault);
  });

  it.each(['nope', 'oom@', 'crash@1/x', '', 'slow=much', 'hang=3'])('refuses %j', (text) => {
    expect(() => parseFault(text)).toThrow('not a fault');
  });

  it('strikes a node once, by id or class, and only at its tick', () => {
    const faults = new Faults();
    faults.arm(parseFault('oom@KSampler/2'));
    expect(faults.strike('oom', { node: '10', classType: 'KSampler' })).toBeUndefined();
    expect(faults.strike('oom', { node: '10', classType: 'KSampler', tick: 2 })).toBeDefined();
    expect(faults.strike('oom', { node: '10', classType: 'KSampler', tick: 2 })).toBeUndefined();
  });

  it('keeps standing faults until they are cleared', () => {
    const faults = new Faults();
    faults.arm(parseFault('slow=3'));
    expect([faults.isArmed('slow'), faults.isArmed('slow')].map((fault) => fault?.factor)).toEqual([3, 3]);
    faults.clear('slow');
    expect(faults.list()).toEqual([]);
  });

  it('reads faults by chance', () => {
    expect(parseFaultOrRandom('random:7')).toEqual({ kind: 'random', seed: 7, rate: 0.2 });
    expect(parseFaultOrRandom('random:7:oom,slow=0.5')).toEqual({
      kind: 'random',
      seed: 7,
      rate: 0.5,
      kinds: ['oom', 'slow'],
    });
    expect(() => parseFaultOrRandom('random:7=2')).toThrow('a probability');
    expect(() => parseFaultOrRandom('random:7:nope')).toThrow('not a fault: nope');
  });

  it('draws the same faults from the same seed, about as often as the rate says', () => {
    const drawn = (seed: number): string[] => {
      const faults = new Faults();
      faults.arm({ kind: 'random', seed, rate: 0.25 });
      return Array.from({ length: 400 }, () =>
        faults
          .draw()
          .map(({ kind }) => kind)
          .join(),
      );
    };
    expect(drawn(3)).toEqual(drawn(3));
    expect(drawn(3)).not.toEqual(drawn(4));
    const struck = drawn(3).filter((kind) => kind !== '').length;
    expect(struck).toBeGreaterThan(70);
    expect(struck).toBeLessThan(130);
  });

  it.each(faultKinds)('tells in the README what %s does and which rows of the catalogue it plays', (kind) => {
    const readme = readFileSync(path.join(__dirname, '..', '..', 'README.md'), 'utf8');
    const line = readme.split('\n').find((row) => new RegExp(`^\\| \`${kind}[@/=\`]`).test(row));
    const rows = aboutKind(kind).rows.join(', ');
    expect(line?.split('|').at(2)?.trim()).toBe(rows === '' ? '–' : rows);
  });
});
