import { Faults, parseFault } from './faults';

describe('faults', () => {
  it.each([
    ['oom@3', { kind: 'oom', node: '3' }],
    ['crash@KSampler/5', { kind: 'crash', node: 'KSampler', tick: 5 }],
    ['hang@10*2', { kind: 'hang', node: '10', times: 2 }],
    ['slow=4', { kind: 'slow', factor: 4 }],
    ['refuse=1500', { kind: 'refuse', ms: 1500 }],
  ])('reads %s', (text, fault) => {
    expect(parseFault(text)).toEqual(fault);
  });

  it.each(['nope', 'oom@', 'crash@1/x', ''])('refuses %j', (text) => {
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
});
