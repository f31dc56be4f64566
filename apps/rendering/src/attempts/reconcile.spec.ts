import {
  endingOf,
  promptsBefore,
  react,
  renderSeconds,
  wasCached,
  type Reaction,
  type PromptLocation,
} from './reconcile';

const seen = (changes: Partial<PromptLocation>): PromptLocation => ({
  reachable: true,
  unreachableMs: 0,
  place: 'nowhere',
  misses: 0,
  ...changes,
});

const limitMs = 30_000;

describe('react', () => {
  it.each<['dispatching' | 'running', Partial<PromptLocation>, boolean, Reaction]>([
    ['dispatching', { place: 'pending' }, false, 'adopt'],
    ['dispatching', { place: 'running' }, true, 'adopt'],
    ['dispatching', { place: 'history' }, false, 'finish'],
    // The POST may still be on its way: sending it again could run it twice.
    ['dispatching', { place: 'nowhere', misses: 9 }, false, 'wait'],
    ['dispatching', { place: 'nowhere', misses: 1 }, true, 'wait'],
    ['dispatching', { place: 'nowhere', misses: 2 }, true, 'lost'],
    ['running', { place: 'running' }, true, 'keep'],
    ['running', { place: 'pending' }, true, 'keep'],
    ['running', { place: 'history' }, true, 'finish'],
    ['running', { place: 'nowhere', misses: 1 }, true, 'wait'],
    ['running', { place: 'nowhere', misses: 2 }, true, 'lost'],
    ['running', { reachable: false, unreachableMs: 1_000, misses: 5 }, true, 'wait'],
    ['running', { reachable: false, unreachableMs: limitMs + 1 }, true, 'lost'],
    ['dispatching', { reachable: false, unreachableMs: limitMs + 1 }, false, 'wait'],
  ])('of a %s attempt seen as %j (post deadline passed: %s) makes %s', (state, sighting, passed, reaction) => {
    expect(react(state, seen(sighting), passed, limitMs)).toBe(reaction);
  });
});

const entry = (...messages: [string, Record<string, unknown>][]) => ({
  outputs: {},
  status: { status_str: 'error', completed: false, messages },
});

describe('renderSeconds', () => {
  it('is what the server counts, whatever time it believes it is', () => {
    expect(
      renderSeconds(
        entry(
          ['execution_start', { timestamp: 1_000 }],
          ['execution_cached', { nodes: [], timestamp: 1_001 }],
          ['execution_success', { timestamp: 3_500 }],
        ),
      ),
    ).toBe(2.5);
  });

  it('is unknown when the server does not say, or its clock was set back meanwhile', () => {
    expect(renderSeconds(entry(['execution_start', {}], ['execution_success', { timestamp: 3_500 }]))).toBeUndefined();
    expect(
      renderSeconds(entry(['execution_start', { timestamp: 9 }], ['execution_success', { timestamp: 3 }])),
    ).toBeUndefined();
    expect(renderSeconds({ outputs: {}, status: null })).toBeUndefined();
  });
});

describe('wasCached', () => {
  it('is so when nothing but the outputs had to be computed', () => {
    expect(wasCached(entry(['execution_cached', { nodes: ['1', '10', '4'] }]), ['1', '4', '10', '12'], ['12'])).toBe(
      true,
    );
  });

  it('is not so when only the model was there already, or nobody says', () => {
    expect(wasCached(entry(['execution_cached', { nodes: ['1'] }]), ['1', '4', '10', '12'], ['12'])).toBe(false);
    expect(wasCached(entry(), ['1', '12'], ['12'])).toBe(false);
  });
});

describe('endingOf', () => {
  it('tells interrupted from failed by the messages, because both are called error', () => {
    expect(endingOf(entry(['execution_start', {}], ['execution_interrupted', {}]))).toEqual({ how: 'interrupted' });
    expect(endingOf(entry(['execution_start', {}], ['execution_error', { exception_type: 'ValueError' }]))).toEqual({
      how: 'error',
      error: { exception_type: 'ValueError' },
    });
    expect(endingOf(entry(['execution_start', {}], ['execution_cached', {}], ['execution_success', {}]))).toEqual({
      how: 'success',
    });
  });

  it('does not guess when nothing says how it ended', () => {
    expect(endingOf(entry(['execution_start', {}]))).toEqual({ how: 'unknown' });
    expect(endingOf({ outputs: {}, status: null })).toEqual({ how: 'unknown' });
  });
});

describe('the place of a prompt in its server’s own queue', () => {
  const item = (number: number, id: string) =>
    [number, id, {}, {}, []] as [number, string, object, Record<string, unknown>, string[]];
  // The server's list is a heap, not in order.
  const queue = {
    queue_running: [item(3, 'runs')],
    queue_pending: [item(4, 'next'), item(9, 'last'), item(5, 'ours'), item(-1, 'urgent')],
  };

  it('is behind what runs and what has a lower number', () => {
    expect(promptsBefore(queue, 'ours')).toBe(3);
    expect(promptsBefore(queue, 'urgent')).toBe(1);
  });

  it('is none of a prompt that does not wait there', () => {
    expect(promptsBefore(queue, 'runs')).toBe(0);
    expect(promptsBefore(queue, 'unknown')).toBe(0);
  });
});
