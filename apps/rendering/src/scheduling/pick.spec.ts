import * as fc from 'fast-check';
import { assign, ordinal, unfit, whyWaiting, type Card, type Waiting } from './pick';

const aCard = (changes: Partial<Card> = {}): Card => ({
  name: 'rx9070xt', position: 1, prefers: ['image'], only: false, idle: true, up: true, foreignPrompts: 0, checkpoints: ['anime.safetensors'], nodes: new Set(['KSampler', 'SaveImage']), ...changes,
});
const aTask = (changes: Partial<Waiting> = {}): Waiting => ({ taskId: 't1', jobId: 'j1', work: 'image', modelName: 'anime.safetensors', classes: ['KSampler'], excludedGpus: [], ...changes });
const video = aCard({ name: 'rtx3060', position: 0, prefers: ['video'] });

describe('unfit', () => {
  it.each<[string, Card, Waiting, string | undefined]>([
    ['a card that can', aCard(), aTask(), undefined],
    ['a card that is down', aCard({ up: false }), aTask(), 'rx9070xt does not answer'],
    ['a card that failed the task', aCard(), aTask({ excludedGpus: ['rx9070xt'] }), 'rx9070xt failed it already'],
    ['a card that takes only other work', aCard({ only: true, prefers: ['video'] }), aTask(), 'rx9070xt takes only video'],
    ['a card without a node', aCard(), aTask({ classes: ['KSampler', 'IPAdapter'] }), 'rx9070xt lacks the node IPAdapter'],
    ['a card without the model', aCard({ checkpoints: [] }), aTask(), 'rx9070xt lacks models/checkpoints/anime.safetensors'],
  ])('says of %s what is missing', (_what, card, task, reason) => {
    expect(unfit(card, task)).toBe(reason);
  });
});

describe('assign', () => {
  it('gives a still to the card that prefers pictures', () => {
    expect(assign([video, aCard()], [aTask()])).toEqual([{ taskId: 't1', jobId: 'j1', gpu: 'rx9070xt' }]);
  });

  it('uses the other card too when two stills wait', () => {
    expect(assign([video, aCard()], [aTask(), aTask({ taskId: 't2' })]).map((assignment) => assignment.gpu)).toEqual(['rx9070xt', 'rtx3060']);
  });

  it('passes over a task that no idle card can take and serves the next', () => {
    expect(assign([aCard()], [aTask({ taskId: 'big', modelName: 'other.safetensors' }), aTask({ taskId: 'small' })]).map((assignment) => assignment.taskId)).toEqual(['small']);
  });

  it('gives nothing to busy or silent cards', () => {
    expect(assign([aCard({ idle: false }), aCard({ name: 'b', up: false })], [aTask()])).toEqual([]);
  });

  it('never books a card or a task twice, and always keeps the order of those it can serve', () => {
    const card = fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd'), idle: fc.boolean(), up: fc.boolean(), video: fc.boolean() });
    fc.assert(
      fc.property(fc.uniqueArray(card, { selector: (entry) => entry.name }), fc.nat(6), (cards, count) => {
        const tasks = Array.from({ length: count }, (_, index) => aTask({ taskId: `t${index}` }));
        const result = assign(cards.map((entry, position) => aCard({ ...entry, position, prefers: entry.video ? ['video'] : ['image'] })), tasks);
        expect(new Set(result.map((assignment) => assignment.gpu)).size).toBe(result.length);
        const served = Math.min(count, cards.filter((entry) => entry.idle && entry.up).length);
        expect(result.map((assignment) => assignment.taskId)).toEqual(tasks.slice(0, served).map((task) => task.taskId));
      }),
    );
  });
});

describe('whyWaiting', () => {
  it('names the place in line', () => {
    expect(whyWaiting([aCard()], aTask(), 0)).toBe('Waiting: next in line for rx9070xt');
    expect(whyWaiting([video, aCard()], aTask(), 1)).toBe('Waiting: 2nd in line for rtx3060 or rx9070xt');
  });

  it('names a card on which somebody else goes first', () => {
    expect(whyWaiting([aCard({ idle: false, foreignPrompts: 1 })], aTask(), 0)).toBe('Waiting: next in line for rx9070xt; rx9070xt is busy with a prompt that somebody else queued');
    expect(whyWaiting([video, aCard({ idle: false, foreignPrompts: 2 })], aTask(), 1)).toBe('Waiting: 2nd in line for rtx3060 or rx9070xt; rx9070xt is busy with 2 prompts that somebody else queued');
  });

  it('says what has to be mended when no card can do it', () => {
    expect(whyWaiting([aCard({ up: false }), aCard({ name: 'b', checkpoints: [] })], aTask(), 0)).toBe('Waiting: rx9070xt does not answer; b lacks models/checkpoints/anime.safetensors');
    expect(whyWaiting([], aTask(), 0)).toContain('config/gpus.yaml');
  });
});

describe('ordinal', () => {
  it.each([[1, '1st'], [2, '2nd'], [3, '3rd'], [4, '4th'], [11, '11th'], [12, '12th'], [13, '13th'], [21, '21st'], [111, '111th'], [122, '122nd']])('writes %i as %s', (n, text) => {
    expect(ordinal(n)).toBe(text);
  });
});
