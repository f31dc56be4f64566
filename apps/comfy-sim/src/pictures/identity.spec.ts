import { emptyRecipe, type DrawingRecipe, type Reference } from './recipe';
import { fromRecipeText, toRecipeText } from './recipe-text';
import { traitsOf, type Traits } from './traits';

const drawn = (positive: string, seed: string): DrawingRecipe => ({
  ...emptyRecipe(0),
  positive,
  seed,
  steps: 20,
  cfg: 6,
  model: 'anime_sd15.safetensors',
  sampled: true,
});
const hero = drawn('1girl, blue hair, red eyes, twintails, kimono', '7');
const own = drawn('1girl, night', '9');
const under = (weight: number, scope: Reference['scope'], recipe: DrawingRecipe | undefined = hero): Traits =>
  traitsOf({ ...own, references: [{ recipe, fingerprint: 'a picture', weight, scope }] });

describe('a reference', () => {
  it('with full weight gives its hair, eyes, skin and cut, and leaves scene and clothes', () => {
    const [it, reference, alone] = [under(1, 'face'), traitsOf(hero), traitsOf(own)];
    expect([it.eyes, it.cut, it.bangs]).toEqual([reference.eyes, reference.cut, reference.bangs]);
    expect(it.hair.lightness).toBeCloseTo(reference.hair.lightness);
    expect([it.scene, it.outfit, it.cloth]).toEqual([alone.scene, alone.outfit, alone.cloth]);
  });

  it('of the whole look gives its clothes too, and of the style nothing but those', () => {
    expect(under(1, 'look').outfit).toBe(traitsOf(hero).outfit);
    expect([under(1, 'style').outfit, under(1, 'style').eyes]).toEqual([traitsOf(hero).outfit, traitsOf(own).eyes]);
  });

  it('draws the nearer to itself the more it weighs', () => {
    const distance = (weight: number): number =>
      Math.abs(under(weight, 'face').eyes.saturation - traitsOf(hero).eyes.saturation) +
      Math.abs(under(weight, 'face').eyes.lightness - traitsOf(hero).eyes.lightness);
    expect(distance(0.2)).toBeGreaterThan(distance(0.6));
    expect(distance(0.6)).toBeGreaterThan(distance(1));
    expect(under(0, 'look')).toEqual(traitsOf(own));
  });

  it('that was not drawn here has one look, always the same', () => {
    expect(under(1, 'face', undefined)).toEqual(under(1, 'face', undefined));
    expect(under(1, 'face', undefined).eyes).not.toEqual(traitsOf(own).eyes);
  });
});

describe('the recipe in a saved picture', () => {
  it('is read back as it was, references included', () => {
    const recipe = {
      ...own,
      positive: '1girl, 青い髪',
      references: [{ recipe: hero, fingerprint: 'f', weight: 0.8, scope: 'face' as const }],
    };
    expect(toRecipeText(recipe)).toMatch(/^[\x20-\x7e]*$/);
    expect(fromRecipeText(toRecipeText(recipe))).toEqual(recipe);
  });

  it.each([
    '',
    '{',
    '[]',
    '{"positive":1}',
    '{"positive":"a","references":[{}]}',
    JSON.stringify({ ...own, loras: [1] }),
  ])('is refused when it is %p', (text) => {
    expect(fromRecipeText(text)).toBeUndefined();
  });
});
