import { dict, float, type PyDict } from '../python/values';
import { PromptQueue, type QueueItem } from './prompt-queue';

const anItem = (more: Partial<QueueItem> = {}): QueueItem => ({
  number: 0,
  promptId: 'a',
  prompt: new Map(),
  extraData: new Map(),
  outputs: ['1'],
  ...more,
});
const aGraph = (colour: number): PyDict =>
  dict({ 1: dict({ class_type: 'EmptyImage', inputs: dict({ color: colour }) }) });

describe('PromptQueue', () => {
  let changes: number;
  let queue: PromptQueue;

  beforeEach(() => {
    changes = 0;
    queue = new PromptQueue(() => (changes += 1));
  });

  it('runs smaller numbers first, and equal ones by their id', () => {
    queue.put(anItem({ number: 1, promptId: 'b' }));
    queue.put(anItem({ number: float(1), promptId: 'a' }));
    queue.put(anItem({ number: -3, promptId: 'front' }));
    expect([queue.take(), queue.take(), queue.take()].map((item) => item?.promptId)).toEqual(['front', 'a', 'b']);
  });

  it('announces every put and take', () => {
    queue.put(anItem());
    queue.take();
    expect(changes).toBe(2);
  });

  it('queues a prompt even when its tie with another is refused', () => {
    queue.put(anItem({ number: 7, prompt: aGraph(1) }));
    expect(() => queue.put(anItem({ number: 7, prompt: aGraph(2) }))).toThrow(
      "'<' not supported between instances of 'dict' and 'dict'",
    );
    expect(queue.waiting).toHaveLength(2);
  });

  it('takes identical bodies of one id without complaint', () => {
    queue.put(anItem({ prompt: aGraph(1) }));
    queue.put(anItem({ prompt: aGraph(1) }));
    expect(queue.remaining).toBe(2);
  });

  it('announces the removal of the only prompt twice, of a missing one never', () => {
    queue.put(anItem());
    changes = 0;
    expect(queue.delete('nope')).toBe(false);
    expect(changes).toBe(0);
    expect(queue.delete('a')).toBe(true);
    expect(changes).toBe(2);
  });

  it('shows the running prompt as it was posted, whatever the run does to it', () => {
    queue.put(anItem({ prompt: aGraph(1) }));
    (queue.take()?.prompt.get('1') as PyDict).set('is_changed', ['x']);
    expect((queue.running?.prompt.get('1') as PyDict).has('is_changed')).toBe(false);
  });
});
