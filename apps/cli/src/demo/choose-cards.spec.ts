import type { GpuView } from '@tower/contracts';
import { chooseCards } from './choose-cards';

const aCard = (card: Partial<GpuView> & { name: string }): GpuView => ({
  url: `http://127.0.0.1/${card.name}`,
  vendor: 'nvidia',
  state: 'idle',
  detail: 'idle',
  simulated: false,
  comfyui_version: '0.3.64',
  device: 'cuda:0',
  vram_mb: 12_288,
  vram_free_mb: 12_000,
  prefers: ['image'],
  only: false,
  checkpoints: ['a.safetensors'],
  current_job_id: null,
  drained: null,
  claimed_mb: 0,
  foreign_prompts: 0,
  warnings: [],
  last_seen_at: null,
  ...card,
});

describe('chooseCards', () => {
  it('takes the checkpoint that most cards have, the first by name among equals', () => {
    const cards = [
      aCard({ name: 'one', checkpoints: ['b', 'c'] }),
      aCard({ name: 'two', checkpoints: ['c', 'b'] }),
      aCard({ name: 'three', checkpoints: ['a'] }),
    ];
    const choice = chooseCards(cards);
    expect(choice.checkpoint).toBe('b');
    expect(choice.cards.map((card) => card.name)).toEqual(['one', 'two']);
    expect(choice.remarks).toEqual([expect.stringContaining('three takes no part: it has no b')]);
  });

  it('counts a checkpoint once, however the cards spell it', () => {
    const choice = chooseCards([
      aCard({ name: 'one', checkpoints: ['SD15\\a', 'b'] }),
      aCard({ name: 'two', checkpoints: ['SD15/a'] }),
    ]);
    expect([choice.checkpoint, choice.cards.length]).toEqual(['SD15/a', 2]);
    expect(chooseCards([aCard({ name: 'one', checkpoints: ['SD15\\a'] })], 'SD15\\a').checkpoint).toBe('SD15/a');
  });

  it('goes on without a card that is down, and says so', () => {
    const choice = chooseCards([
      aCard({ name: 'up' }),
      aCard({ name: 'away', state: 'down', detail: 'connection refused' }),
    ]);
    expect(choice.cards.map((card) => card.name)).toEqual(['up']);
    expect(choice.remarks).toEqual([expect.stringMatching(/away at http.*: connection refused/)]);
  });

  it('keeps everything small when a real card computes on the processor, not when one is simulated', () => {
    expect(chooseCards([aCard({ name: 'a' }), aCard({ name: 'b', device: 'cpu', vendor: 'unknown' })]).isSlow).toBe(
      true,
    );
    expect(chooseCards([aCard({ name: 'b', device: 'cpu (simulated)', simulated: true })]).isSlow).toBe(false);
  });

  it('leaves out a card that a person took out of use, and says how it comes back', () => {
    const drained = { by: 'Ada', since: '2026-12-01T12:00:00.000Z', reason: '' };
    const choice = chooseCards([aCard({ name: 'a', drained }), aCard({ name: 'b' })]);
    expect(choice.cards.map(({ name }) => name)).toEqual(['b']);
    expect(choice.remarks[0]).toMatch(/^a at .* takes no part: Ada took it out of use at .*gpus resume a\)$/);
  });

  it.each([
    ['no card at all', [], 'no_gpu'],
    [
      'no card that answers',
      [aCard({ name: 'a', state: 'down' }), aCard({ name: 'b', state: 'unknown' })],
      'no_gpu_answers',
    ],
    ['no checkpoint anywhere', [aCard({ name: 'a', checkpoints: [] })], 'checkpoint_missing'],
  ])('refuses %s', (_, cards, code) => {
    expect(() => chooseCards(cards)).toThrow(expect.objectContaining({ code }));
  });

  it('says where a missing checkpoint belongs and what is there instead', () => {
    const message = expect.stringMatching(
      /no card has the checkpoint z.*models\/checkpoints.*one \(http:\/\/127\.0\.0\.1\/one\).*Present: a\.safetensors/,
    ) as string;
    expect(() => chooseCards([aCard({ name: 'one' })], 'z')).toThrow(
      expect.objectContaining({ kind: 'invalid', message }),
    );
  });
});
