import { afterFailing, afterFitting, gigabytes, neededMb, type MemoryNeed, type MemoryWork } from './memory-need';

const work = (changes: Partial<MemoryWork> = {}): MemoryWork => ({
  workflow: 'video',
  modelName: 'm',
  width: 512,
  height: 512,
  frames: 16,
  changes: [],
  ...changes,
});
const need = (changes: Partial<MemoryNeed>): MemoryNeed => ({
  ...work(),
  tooSmallMb: null,
  estimateMb: null,
  fitsMb: null,
  ...changes,
});

describe('what failures and successes teach', () => {
  it('is more than the card that failed, and a quarter more than was thought', () => {
    expect(afterFailing(undefined, work(), 12_288, null)).toMatchObject({ tooSmallMb: 12_288, estimateMb: 12_289 });
    expect(afterFailing(undefined, work(), 12_288, 11_000)).toMatchObject({ estimateMb: 13_750 });
    expect(afterFailing(undefined, work(), 12_288, 4_000)).toMatchObject({ estimateMb: 12_289 });
    expect(afterFailing(afterFailing(undefined, work(), 12_288, 11_000), work(), 12_288, 11_000)).toMatchObject({
      estimateMb: 17_188,
    });
  });

  it('never rises above a card that it fitted into', () => {
    const fitted = afterFitting(undefined, work(), 16_384);
    expect(afterFailing(fitted, work(), 12_288, 16_000)).toMatchObject({ estimateMb: 16_384, fitsMb: 16_384 });
  });

  it('forgets a failure on a card of the same size as one that it fits into', () => {
    expect(afterFitting(afterFailing(undefined, work(), 12_288, null), work(), 12_288)).toMatchObject({
      tooSmallMb: null,
      estimateMb: null,
      fitsMb: 12_288,
    });
    expect(afterFailing(afterFitting(undefined, work(), 12_288), work(), 12_288, null)).toMatchObject({
      tooSmallMb: 12_288,
      fitsMb: null,
    });
  });
});

describe('neededMb', () => {
  const known = [need({ tooSmallMb: 12_288, estimateMb: 14_400 })];

  it('holds for every spelling of the model', () => {
    expect(
      neededMb([need({ modelName: 'SD15\\m', tooSmallMb: 12_288, estimateMb: 14_400 })], work({ modelName: 'SD15/m' })),
    ).toBe(14_400);
  });

  it('holds for the same and for everything larger', () => {
    for (const larger of [{}, { width: 768 }, { frames: 32 }]) expect(neededMb(known, work(larger))).toBe(14_400);
  });

  it('says nothing of smaller, changed or other work', () => {
    for (const other of [
      { width: 256 },
      { frames: 8 },
      { changes: ['tiled_vae'] },
      { modelName: 'n' },
      { workflow: 'w' },
    ])
      expect(neededMb(known, work(other))).toBeNull();
  });

  it('holds without a change what failed with it', () => {
    expect(neededMb([need({ changes: ['tiled_vae'], tooSmallMb: 12_288, estimateMb: 13_000 })], work())).toBe(13_000);
  });

  it('is bounded by larger work that fitted', () => {
    expect(neededMb([...known, need({ width: 1024, fitsMb: 13_000 })], work({ width: 768 }))).toBe(13_000);
    expect(neededMb([...known, need({ width: 640, fitsMb: 13_000 })], work({ width: 768 }))).toBe(14_400);
  });
});

it('speaks of gigabytes to a tenth', () => {
  expect([gigabytes(14_438), gigabytes(12_288)]).toEqual(['14.1 GB', '12 GB']);
});
