import { ordinal, whyWaiting } from './explain';
import { aCard, aTask, filmCard as video } from './planning.fixture';

describe('whyWaiting', () => {
  it('names the place in line', () => {
    expect(whyWaiting([aCard()], aTask(), { count: 0, about: false })).toBe('Waiting: next in line for rx9070xt');
    expect(whyWaiting([video, aCard()], aTask(), { count: 1, about: false })).toBe(
      'Waiting: 2nd in line for rtx3060 or rx9070xt',
    );
  });

  it('names the card of the plan alone, and what keeps others from taking it', () => {
    const others = aCard({ isIdle: false, foreignPrompts: 1 });
    expect(whyWaiting([video, others], aTask(), { count: 1, about: false, gpu: 'rtx3060' })).toBe(
      'Waiting: 2nd in line for rtx3060; rx9070xt is busy with a prompt that somebody else queued',
    );
  });

  it('says about how many are before it where that is far, and only that it is in line where nothing is known', () => {
    expect(whyWaiting([aCard()], aTask(), { count: 104_876, about: true })).toBe(
      'Waiting: about 104880 tasks before it in line for rx9070xt',
    );
    expect(whyWaiting([aCard()], aTask(), undefined)).toBe('Waiting: in line for rx9070xt');
  });

  it('names a card on which somebody else goes first', () => {
    expect(whyWaiting([aCard({ isIdle: false, foreignPrompts: 1 })], aTask(), { count: 0, about: false })).toBe(
      'Waiting: next in line for rx9070xt; rx9070xt is busy with a prompt that somebody else queued',
    );
    expect(whyWaiting([video, aCard({ isIdle: false, foreignPrompts: 2 })], aTask(), { count: 1, about: false })).toBe(
      'Waiting: 2nd in line for rtx3060 or rx9070xt; rx9070xt is busy with 2 prompts that somebody else queued',
    );
  });

  it('names whose claim of memory it waits for', () => {
    const until = new Date('2026-12-01T12:30:00Z');
    const claims = [{ megabytes: 6_144, who: 'Blender', until, endsIn: 60, isSettled: true }];
    expect(
      whyWaiting([aCard({ memoryMb: 12_288, claims })], aTask({ needsMb: 8_192 }), { count: 0, about: false }),
    ).toBe(
      'Waiting: next in line for rx9070xt; Blender claimed 6 GB of rx9070xt: 6 GB are left, this needs about 8 GB ' +
        'and can start there at 2026-12-01T12:30:00.000Z',
    );
  });

  it('names the job that goes before it by hand', () => {
    const said = (behind: string[]) => whyWaiting([aCard()], aTask({ behind }), { count: 1, about: false });
    expect(said(['j7'])).toBe('Waiting: 2nd in line for rx9070xt; job j7 goes before it by hand');
    expect(said(['j7', 'j8', 'j9'])).toMatch(/; job j7 and 2 more go before it by hand$/);
  });

  it('says what has to be mended when no card can do it', () => {
    expect(
      whyWaiting([aCard({ isUsable: false }), aCard({ name: 'b', checkpoints: [] })], aTask(), {
        count: 0,
        about: false,
      }),
    ).toBe('Waiting: rx9070xt does not answer; b lacks models/checkpoints/anime.safetensors');
    expect(whyWaiting([], aTask(), { count: 0, about: false })).toContain('config/gpus.yaml');
  });
});

describe('ordinal', () => {
  it.each([
    [1, '1st'],
    [2, '2nd'],
    [3, '3rd'],
    [4, '4th'],
    [11, '11th'],
    [12, '12th'],
    [13, '13th'],
    [21, '21st'],
    [111, '111th'],
    [122, '122nd'],
  ])('writes %i as %s', (n, text) => {
    expect(ordinal(n)).toBe(text);
  });
});
