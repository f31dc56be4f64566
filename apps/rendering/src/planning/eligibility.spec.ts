import * as fc from 'fast-check';
import { asSeenBy, assign, ordinal, ineligibility, whyWaiting, type Card, type Waiting } from './eligibility';

const aCard = (changes: Partial<Card> = {}): Card => ({
  name: 'rx9070xt',
  position: 1,
  prefers: ['image'],
  only: false,
  idle: true,
  up: true,
  foreignPrompts: 0,
  checkpoints: ['anime.safetensors'],
  nodes: new Set(['KSampler', 'SaveImage']),
  ...changes,
});
const aTask = (changes: Partial<Waiting> = {}): Waiting => ({
  taskId: 't1',
  jobId: 'j1',
  work: 'image',
  modelName: 'anime.safetensors',
  classes: ['KSampler'],
  excludedGpus: [],
  ...changes,
});
const video = aCard({ name: 'rtx3060', position: 0, prefers: ['video'] });

describe('unfit', () => {
  it.each<[string, Card, Waiting, string | undefined]>([
    ['a card that can', aCard(), aTask(), undefined],
    ['a card that is down', aCard({ up: false }), aTask(), 'rx9070xt does not answer'],
    [
      'a card whose own detail knows better',
      aCard({ up: false, trouble: 'rx9070xt answers 401 to GET /queue' }),
      aTask(),
      'rx9070xt answers 401 to GET /queue',
    ],
    ['a card that failed the task', aCard(), aTask({ excludedGpus: ['rx9070xt'] }), 'rx9070xt failed it already'],
    [
      'a card that takes only other work',
      aCard({ only: true, prefers: ['video'] }),
      aTask(),
      'rx9070xt takes only video',
    ],
    [
      'a card without a node',
      aCard(),
      aTask({ classes: ['KSampler', 'IPAdapter'] }),
      'rx9070xt lacks the node IPAdapter',
    ],
    [
      'a card without the model',
      aCard({ checkpoints: [] }),
      aTask(),
      'rx9070xt lacks models/checkpoints/anime.safetensors',
    ],
  ])('says of %s what is missing', (_what, card, task, reason) => {
    expect(ineligibility(card, task)).toBe(reason);
  });
});

describe('what a task needs of a card', () => {
  const requires = {
    workflow: 'loop',
    nodes: ['KSampler'],
    models: [{ folder: 'loras', name: 'style.safetensors', source: undefined }],
    sought: [],
  };
  const stock = { nodes: ['KSampler'], checkpoints: [], models: { loras: ['style.safetensors'] } };

  it('is taken from its own graph where the card’s stock is known', () => {
    expect(ineligibility(aCard({ stock, nodes: new Set() }), aTask({ requires }))).toBeUndefined();
    expect(ineligibility(aCard({ stock: { ...stock, models: { loras: [] } } }), aTask({ requires }))).toBe(
      'rx9070xt lacks models/loras/style.safetensors',
    );
  });

  it('cannot be said of a graph that there is not', () => {
    expect(ineligibility(aCard({ stock }), aTask({ requires: { ...requires, fault: 'steps has no value' } }))).toBe(
      'workflow loop makes no graph of it: steps has no value',
    );
  });

  it('includes the memory that failures taught', () => {
    expect(ineligibility(aCard({ vramMb: 12_288 }), aTask({ needsMb: 14_438 }))).toBe(
      'needs about 14.1 GB here, rx9070xt has 12 GB',
    );
    expect(ineligibility(aCard({ vramMb: 16_384 }), aTask({ needsMb: 14_438 }))).toBeUndefined();
    expect(ineligibility(aCard({ vramMb: null }), aTask({ needsMb: 14_438 }))).toBeUndefined();
  });

  it('is tried on the card that recovery is about, whatever its size, and on no other', () => {
    const task = aTask({ needsMb: 14_438, pinnedGpu: 'rtx3060' });
    expect(ineligibility({ ...video, vramMb: 12_288 }, task)).toBeUndefined();
    expect(ineligibility(aCard({ vramMb: 16_384 }), task)).toBe('recovery goes on with rtx3060');
  });

  it('says why a card is out of service', () => {
    expect(ineligibility(aCard({ up: false, trouble: 'rx9070xt: restart this ComfyUI' }), aTask())).toBe(
      'rx9070xt: restart this ComfyUI',
    );
  });
});

describe('amongCards', () => {
  const small = { ...video, vramMb: 12_288 };
  const big = aCard({ vramMb: 16_384 });

  it('lets the biggest card try what is known to be too large for all', () => {
    expect(asSeenBy([small, big], aTask({ needsMb: 40_000 })).needsMb).toBe(16_384);
    expect(asSeenBy([small, big], aTask({ needsMb: 14_000 })).needsMb).toBe(14_000);
  });

  it('does not hold a small card’s task back when the big one cannot run it', () => {
    expect(asSeenBy([small, big], aTask({ needsMb: 14_000, excludedGpus: ['rx9070xt'] })).needsMb).toBe(12_288);
    expect(asSeenBy([small], aTask({ needsMb: 14_000, excludedGpus: ['rtx3060'] })).needsMb).toBeNull();
  });

  it('lets a task go from a card that is gone or cannot run it', () => {
    expect(asSeenBy([small, big], aTask({ pinnedGpu: 'rtx3060' })).pinnedGpu).toBe('rtx3060');
    expect(asSeenBy([{ ...small, up: false }, big], aTask({ pinnedGpu: 'rtx3060' })).pinnedGpu).toBeUndefined();
    expect(asSeenBy([big], aTask({ pinnedGpu: 'rtx3060' })).pinnedGpu).toBeUndefined();
  });
});

describe('assign', () => {
  it('gives a still to the card that prefers pictures', () => {
    expect(assign([video, aCard()], [aTask()])).toEqual([{ taskId: 't1', jobId: 'j1', gpu: 'rx9070xt' }]);
  });

  it('uses the other card too when two stills wait', () => {
    expect(assign([video, aCard()], [aTask(), aTask({ taskId: 't2' })]).map((assignment) => assignment.gpu)).toEqual([
      'rx9070xt',
      'rtx3060',
    ]);
  });

  it('passes over a task that no idle card can take and serves the next', () => {
    expect(
      assign([aCard()], [aTask({ taskId: 'big', modelName: 'other.safetensors' }), aTask({ taskId: 'small' })]).map(
        (assignment) => assignment.taskId,
      ),
    ).toEqual(['small']);
  });

  it('gives nothing to busy or silent cards', () => {
    expect(assign([aCard({ idle: false }), aCard({ name: 'b', up: false })], [aTask()])).toEqual([]);
  });

  it('never books a card or a task twice, and always keeps the order of those it can serve', () => {
    const card = fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      idle: fc.boolean(),
      up: fc.boolean(),
      video: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.uniqueArray(card, { selector: (entry) => entry.name }), fc.nat(6), (cards, count) => {
        const tasks = Array.from({ length: count }, (_, index) => aTask({ taskId: `t${index}` }));
        const result = assign(
          cards.map((entry, position) => aCard({ ...entry, position, prefers: entry.video ? ['video'] : ['image'] })),
          tasks,
        );
        expect(new Set(result.map((assignment) => assignment.gpu)).size).toBe(result.length);
        const served = Math.min(count, cards.filter((entry) => entry.idle && entry.up).length);
        expect(result.map((assignment) => assignment.taskId)).toEqual(
          tasks.slice(0, served).map((task) => task.taskId),
        );
      }),
    );
  });
});

describe('the choice among many', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const someCards = fc
    .uniqueArray(
      fc.record({
        name,
        idle: fc.boolean(),
        up: fc.boolean(),
        only: fc.boolean(),
        prefers: fc.constantFrom(['image' as const], ['video' as const]),
        checkpoints: fc.subarray(['m', 'n']),
      }),
      { selector: (card) => card.name },
    )
    .map((cards) => cards.map((card, position) => aCard({ ...card, position })));
  const someTasks = fc
    .array(
      fc.record({
        work: fc.constantFrom('image' as const, 'video' as const),
        modelName: fc.constantFrom('m', 'n', 'o'),
        excludedGpus: fc.subarray(['a', 'b']),
      }),
      { maxLength: 40 },
    )
    .map((tasks) => tasks.map((task, index) => aTask({ ...task, taskId: `t${index}` })));
  const kindOf = (task: Waiting): string => [task.work, task.modelName, ...task.excludedGpus].join();

  it('leaves no card idle that can take any of them', () => {
    fc.assert(
      fc.property(someCards, someTasks, (cards, tasks) => {
        const given = assign(cards, tasks);
        const left = tasks.filter((task) => !given.some((assignment) => assignment.taskId === task.taskId));
        const idle = cards.filter((card) => card.idle && !given.some((assignment) => assignment.gpu === card.name));
        for (const card of idle) expect(left.filter((task) => ineligibility(card, task) === undefined)).toEqual([]);
      }),
    );
  });

  it('gives each card the oldest that it can take, unless that went to another', () => {
    fc.assert(
      fc.property(someCards, someTasks, (cards, tasks) => {
        const given = assign(cards, tasks);
        for (const { gpu, taskId } of given) {
          const card = cards.find((one) => one.name === gpu);
          const older = tasks
            .slice(
              0,
              tasks.findIndex((task) => task.taskId === taskId),
            )
            .filter((task) => card !== undefined && ineligibility(card, task) === undefined);
          for (const task of older) expect(given.map((assignment) => assignment.taskId)).toContain(task.taskId);
        }
      }),
    );
  });

  it('is the same among the oldest of each kind, as many as there are idle cards, as among all', () => {
    fc.assert(
      fc.property(someCards, someTasks, (cards, tasks) => {
        const idle = cards.filter((card) => card.idle).length;
        const oldest = tasks.filter(
          (task, index) => tasks.slice(0, index).filter((other) => kindOf(other) === kindOf(task)).length < idle,
        );
        expect(assign(cards, oldest)).toEqual(assign(cards, tasks));
      }),
    );
  });
});

describe('whyWaiting', () => {
  it('names the place in line', () => {
    expect(whyWaiting([aCard()], aTask(), { count: 0, about: false })).toBe('Waiting: next in line for rx9070xt');
    expect(whyWaiting([video, aCard()], aTask(), { count: 1, about: false })).toBe(
      'Waiting: 2nd in line for rtx3060 or rx9070xt',
    );
  });

  it('says about how many are before it where that is far, and only that it is in line where nothing is known', () => {
    expect(whyWaiting([aCard()], aTask(), { count: 104_876, about: true })).toBe(
      'Waiting: about 104880 tasks before it in line for rx9070xt',
    );
    expect(whyWaiting([aCard()], aTask(), undefined)).toBe('Waiting: in line for rx9070xt');
  });

  it('names a card on which somebody else goes first', () => {
    expect(whyWaiting([aCard({ idle: false, foreignPrompts: 1 })], aTask(), { count: 0, about: false })).toBe(
      'Waiting: next in line for rx9070xt; rx9070xt is busy with a prompt that somebody else queued',
    );
    expect(whyWaiting([video, aCard({ idle: false, foreignPrompts: 2 })], aTask(), { count: 1, about: false })).toBe(
      'Waiting: 2nd in line for rtx3060 or rx9070xt; rx9070xt is busy with 2 prompts that somebody else queued',
    );
  });

  it('says what has to be mended when no card can do it', () => {
    expect(
      whyWaiting([aCard({ up: false }), aCard({ name: 'b', checkpoints: [] })], aTask(), { count: 0, about: false }),
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
