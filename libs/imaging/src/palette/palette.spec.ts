import { flatPicture, rgb } from '../vectors/generated-pictures';
import { colourDifference, labOfHex, labOfRgb } from './lab';
import { mainColours } from './main-colours';
import { colourDrift, paletteAdherence } from './palette-adherence';

const lab = (l: number, a: number, b: number) => ({ l, a, b });

describe('colour difference', () => {
  // From the table of Sharma, Wu and Dalal: pairs chosen to hit every branch and every discontinuity.
  it.each([
    [lab(50, 2.6772, -79.7751), lab(50, 0, -82.7485), 2.0425],
    [lab(50, 3.1571, -77.2803), lab(50, 0, -82.7485), 2.8615],
    [lab(50, 2.8361, -74.02), lab(50, 0, -82.7485), 3.4412],
    [lab(50, -1.3802, -84.2814), lab(50, 0, -82.7485), 1.0],
    [lab(50, 0, 0), lab(50, -1, 2), 2.3669],
    [lab(50, 2.49, -0.001), lab(50, -2.49, 0.0009), 7.1792],
    [lab(50, 2.49, -0.001), lab(50, -2.49, 0.0011), 7.2195],
    [lab(50, 2.5, 0), lab(50, 0, -2.5), 4.3065],
    [lab(50, 2.5, 0), lab(73, 25, -18), 27.1492],
    [lab(50, 2.5, 0), lab(61, -5, 29), 22.8977],
    [lab(60.2574, -34.0099, 36.2677), lab(60.4626, -34.1751, 39.4387), 1.2644],
    [lab(2.0776, 0.0795, -1.135), lab(0.9033, -0.0636, -0.5514), 0.9082],
  ])('%j to %j is %d, both ways', (first, second, expected) => {
    expect(colourDifference(first, second)).toBeCloseTo(expected, 4);
    expect(colourDifference(second, first)).toBeCloseTo(expected, 4);
  });

  it('knows the corners of sRGB', () => {
    expect(labOfRgb(255, 255, 255).l).toBeCloseTo(100, 3);
    expect(labOfRgb(0, 0, 0)).toEqual({ l: 0, a: 0, b: 0 });
    const red = labOfHex('#ff0000');
    expect(red.l).toBeCloseTo(53.24, 1);
    expect(red.a).toBeCloseTo(80.09, 1);
    expect(red.b).toBeCloseTo(67.2, 1);
    expect(() => labOfHex('red')).toThrow(RangeError);
    expect(() => labOfRgb(256, 0, 0)).toThrow(RangeError);
  });
});

const stripes = (colours: readonly (readonly [number, number, number])[], width = 40) => {
  const data = new Uint8Array(width * colours.length * 20 * 3);
  colours.forEach((colour, row) => {
    for (let at = row * width * 20; at < (row + 1) * width * 20; at += 1) data.set(colour, at * 3);
  });
  return rgb(width, colours.length * 20, data);
};

describe('main colours', () => {
  it('of stripes are the stripes with their shares', () => {
    const colours = mainColours(
      stripes([
        [200, 30, 40],
        [200, 30, 40],
        [10, 20, 200],
      ]),
    );
    expect(colours.map(({ rgb: value, share }) => [value, share])).toEqual([
      [[200, 30, 40], 2 / 3],
      [[10, 20, 200], 1 / 3],
    ]);
  });

  it('add up to the whole picture, also when there are more colours than asked for', () => {
    const data = Uint8Array.from({ length: 64 * 64 * 3 }, (_, index) => (index * 7919) % 256);
    const colours = mainColours(rgb(64, 64, data), 5);
    expect(colours.length).toBeLessThanOrEqual(5);
    expect(colours.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
    expect(mainColours(rgb(64, 64, data), 5)).toEqual(colours);
  });
});

describe('palette adherence', () => {
  const picture = stripes([
    [230, 220, 255],
    [150, 20, 30],
    [40, 40, 60],
    [90, 200, 90],
  ]);

  it('is whole when every colour is there, whatever else is', () => {
    const result = paletteAdherence(picture, ['#e6dcff', '#96141e']);
    if (result.state !== 'computed') throw new Error(result.reason);
    expect(result.value.found).toBe(1);
    expect(result.value.meanDifference).toBeLessThan(0.5);
  });

  it('falls with each colour that is missing, and says which', () => {
    const result = paletteAdherence(picture, ['#96141e', '#ffd400']);
    if (result.state !== 'computed') throw new Error(result.reason);
    expect(result.value.found).toBe(0.5);
    expect(result.value.differences[0]).toBeLessThan(1);
    expect(result.value.differences[1]).toBeGreaterThan(15);
  });

  it('forgives other light and not another hue', () => {
    const darker = paletteAdherence(stripes([[125, 16, 25]]), ['#96141e']);
    const bluer = paletteAdherence(stripes([[30, 20, 150]]), ['#96141e']);
    expect(darker).toMatchObject({ value: { found: 1 } });
    expect(bluer).toMatchObject({ value: { found: 0 } });
  });

  it('is not applicable without a palette', () => {
    expect(paletteAdherence(picture, [])).toEqual({ state: 'not_applicable', reason: 'no_reference' });
  });
});

describe('colour drift', () => {
  it('is zero for equal means and grows with the tint', () => {
    const grey = flatPicture(8, 8, [120, 120, 120]);
    expect(colourDrift(grey, grey)).toBe(0);
    const slight = colourDrift(grey, flatPicture(8, 8, [124, 120, 116]));
    expect(colourDrift(grey, flatPicture(8, 8, [140, 120, 100]))).toBeGreaterThan(slight);
    expect(slight).toBeGreaterThan(1);
  });
});
