import type { ServerTraits, QueueBody } from '@tower/comfyui';
import { gpuConfig, type GpuState } from '@tower/contracts';
import { nothingSeen } from './card-snapshot';
import { SameServers, type NamedServer } from './same-servers';

const queueOf = (...promptIds: string[]): QueueBody => ({
  queue_running: promptIds.map((id, n) => [n, id, {}, {}, []]),
  queue_pending: [],
});

function card(
  name: string,
  changes: { log?: number; state?: GpuState; boots?: number; queue?: QueueBody } = {},
): NamedServer {
  const url = `http://${name}.example:8188`;
  const log =
    changes.log === undefined
      ? []
      : [1, 2, 3].map((line) => ({ t: `2026-03-01T12:00:00.00${changes.log}${line}`, m: 'x' }));
  const traits: ServerTraits = { url, places: [], log, about: 'x' };
  const snapshot = { ...nothingSeen, state: changes.state ?? 'idle', queue: changes.queue ?? queueOf() };
  return { name, config: gpuConfig.parse({ name, url }), snapshot, server: { traits, boots: changes.boots ?? 1 } };
}

const troubles = (cards: NamedServer[]): (string | null)[] =>
  cards.map((one) => new SameServers(() => cards).troubleOf(one));

it('takes all but the first name of one server out of service, and says which goes on', () => {
  const [a, b, c, d] = troubles([
    card('a', { log: 1 }),
    card('b', { log: 1 }),
    card('c', { log: 2 }),
    card('d', { log: 1 }),
  ]);
  expect([a, c]).toEqual([null, null]);
  expect(b).toBe(
    'b is the same ComfyUI as a (http://a.example:8188): their logs are the same. Only a is used; remove one ' +
      'of the two from config/gpus.yaml or TOWER_GPUS',
  );
  expect(d).toMatch(/^d is the same ComfyUI as a/);
});

it('lets the second name work while the first one leads nowhere', () => {
  const [, b, c] = troubles([card('a', { log: 1, state: 'down' }), card('b', { log: 1 }), card('c', { log: 1 })]);
  expect(b).toBeNull();
  expect(c).toMatch(/^c is the same ComfyUI as b/);
});

it('learns it from a prompt that is in both queues, until one of them is another process', () => {
  const cards = [card('a', { queue: queueOf('p') }), card('b', { queue: queueOf('p') })];
  const same = new SameServers(() => cards);
  expect(same.troubleOf(cards[1]!)).toBeNull();
  same.saw(cards[1]!, [{ promptId: 'p', gpu: 'a', jobId: 'j' }]);
  expect(same.troubleOf(cards[1]!)).toMatch(/a prompt that was sent to one is in the queue of both/);
  expect(same.troubleOf(cards[0]!)).toBeNull();
  cards[1] = card('b', { boots: 2 });
  expect(same.troubleOf(cards[1])).toBeNull();
});

it('remembers it when their logs have run on since', () => {
  const cards = [card('a', { log: 1 }), card('b', { log: 1 })];
  const same = new SameServers(() => cards);
  expect(same.troubleOf(cards[1]!)).toMatch(/their logs are the same/);
  cards[1] = card('b', { log: 2 });
  expect(same.troubleOf(cards[1])).toMatch(/their logs are the same/);
  cards[1] = card('b', { log: 2, boots: 2 });
  expect(same.troubleOf(cards[1])).toBeNull();
});

it('does not take a prompt for proof that the other card does not have: its card may have changed its address', () => {
  const cards = [card('a'), card('b', { queue: queueOf('p') })];
  const same = new SameServers(() => cards);
  same.saw(cards[1]!, [{ promptId: 'p', gpu: 'a', jobId: 'j' }]);
  expect(same.troubleOf(cards[1]!)).toBeNull();
});
