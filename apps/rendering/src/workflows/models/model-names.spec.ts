import { modelKey } from '@tower/contracts';
import * as fc from 'fast-check';
import { distinctKeys, findFile, meansFile, nearestNames, refusedName, settleName } from './model-names';

const windows = ['SD15\\anime_sd15.safetensors', 'SDXL\\pony.safetensors', 'a\\twin.pt', 'b\\twin.pt'];
const linux = ['SD15/anime_sd15.safetensors', 'flat.safetensors', 'flat.ckpt'];

describe('modelKey', () => {
  it('is one for all spellings and stays what it is', () => {
    expect(['SD15\\a.pt', 'SD15/a.pt', 'SD15//a.pt', '.\\SD15\\a.pt', './SD15/a.pt'].map(modelKey)).toEqual(
      Array(5).fill('SD15/a.pt'),
    );
    fc.assert(fc.property(fc.string(), (name) => modelKey(modelKey(name)) === modelKey(name)));
  });
});

describe('findFile', () => {
  it.each<[string, readonly string[], string]>([
    ['SD15/anime_sd15.safetensors', windows, 'SD15\\anime_sd15.safetensors'],
    ['SD15\\anime_sd15.safetensors', linux, 'SD15/anime_sd15.safetensors'],
    ['anime_sd15.safetensors', windows, 'SD15\\anime_sd15.safetensors'],
    ['anime_sd15', linux, 'SD15/anime_sd15.safetensors'],
    ['SDXL/pony', windows, 'SDXL\\pony.safetensors'],
    ['flat.ckpt', linux, 'flat.ckpt'],
    ['a/twin.pt', windows, 'a\\twin.pt'],
  ])('%s is found in its card’s own spelling', (asked, files, file) => {
    expect(findFile(asked, files)).toEqual({ file });
  });

  it('says which files a name may mean', () => {
    expect(findFile('twin.pt', windows)).toEqual({ candidates: ['a/twin.pt', 'b/twin.pt'] });
    expect(findFile('flat', linux)).toEqual({ candidates: ['flat.ckpt', 'flat.safetensors'] });
  });

  it('takes the file that lies in no folder for a name without one, and no other folder than the named one', () => {
    expect(findFile('a.pt', ['sub/a.pt', 'a.pt'])).toEqual({ file: 'a.pt' });
    expect(findFile('other/a.pt', ['sub/a.pt', 'a.pt'])).toBeUndefined();
  });

  it('tells apart what differs in more than its separators', () => {
    expect(findFile('sd15/anime_sd15.safetensors', linux)).toBeUndefined();
    expect(findFile('anime_sd15.ckpt', linux)).toBeUndefined();
  });

  it('agrees with meansFile about a single file', () => {
    for (const file of [...windows, ...linux])
      for (const asked of [file, modelKey(file), 'flat', 'anime_sd15', 'b/twin.pt', 'none'])
        expect(findFile(asked, [file]) !== undefined).toBe(meansFile(asked, file));
  });
});

describe('settleName', () => {
  it('is the same for every spelling, so that what is learnt of a model is learnt once', () => {
    const spellings = [
      'SD15\\anime_sd15.safetensors',
      'SD15/anime_sd15.safetensors',
      'anime_sd15.safetensors',
      'anime_sd15',
    ];
    for (const asked of spellings)
      expect(settleName(asked, [windows, linux])).toEqual({ key: 'SD15/anime_sd15.safetensors' });
  });

  it('leaves the folder to each card where they keep the file in different ones', () => {
    expect(settleName('a.pt', [['x/a.pt'], ['y\\a.pt']])).toEqual({ key: 'a.pt' });
    expect(settleName('x/a.pt', [['x/a.pt'], ['y\\a.pt']])).toEqual({ key: 'x/a.pt' });
  });

  it('is ambiguous only where no card knows what is meant', () => {
    expect(settleName('twin.pt', [windows, linux])).toEqual({ candidates: ['a/twin.pt', 'b/twin.pt'] });
    expect(settleName('twin.pt', [windows, ['a/twin.pt']])).toEqual({ key: 'a/twin.pt' });
    expect(settleName('none.pt', [windows, linux])).toBeUndefined();
  });
});

describe('a refusal', () => {
  it('names what there is, or the nearest of many', () => {
    expect(refusedName('x.pt', 'models/loras', [], undefined)).toBe(
      'x.pt is not on any card; no card has a file in models/loras',
    );
    expect(refusedName('x.pt', 'models/loras', ['s\\a.pt', 's/a.pt'], undefined)).toBe(
      'x.pt is not on any card; models/loras has s/a.pt',
    );
    const many = [...Array.from({ length: 30 }, (_, n) => `file-${n}.pt`), 'styles/watercolour.safetensors'];
    expect(refusedName('watercolor.safetensors', 'models/loras', many, undefined)).toMatch(
      /of 31 files in models\/loras the nearest are styles\/watercolour\.safetensors,/,
    );
    expect(refusedName('twin.pt', 'models/loras', windows, { candidates: ['a/twin.pt', 'b/twin.pt'] })).toBe(
      'twin.pt may mean a/twin.pt or b/twin.pt of models/loras: name it with its folder',
    );
  });

  it('orders by likeness', () => {
    expect(nearestNames('hero.safetensors', ['zzz.pt', 'heroine.safetensors', 'Hero_v2.safetensors'], 2)).toEqual([
      'Hero_v2.safetensors',
      'heroine.safetensors',
    ]);
    expect(distinctKeys(['a\\b', 'a/b', 'c'])).toEqual(['a/b', 'c']);
  });
});
