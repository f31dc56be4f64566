import { colour, type Colour } from './colour';
import { emptyRecipe, type DrawingRecipe, type Reference } from './recipe';
import type { Traits } from './traits';

/** From this weight on what cannot be mixed, such as a cut of hair, is taken over. */
const decisiveWeight = 0.4;

type TraitsOf = (recipe: DrawingRecipe) => Traits;

/** What the traits become under the references hooked into the model: the more weight, the more of the reference. */
export function withIdentity(own: Traits, references: readonly Reference[], traitsOf: TraitsOf): Traits {
  return references.reduce((traits, reference) => drawnTowards(traits, reference, traitsOf(lookOf(reference))), own);
}

/** A picture that was not drawn here still has one look, always the same. */
const lookOf = ({ recipe, fingerprint }: Reference): DrawingRecipe =>
  recipe ?? { ...emptyRecipe(0, fingerprint), sampled: true };

function drawnTowards(own: Traits, { weight, scope }: Reference, reference: Traits): Traits {
  const share = Math.min(1, Math.max(0, weight));
  const takes = share >= decisiveWeight;
  const style = scope !== 'face';
  const face = scope !== 'style';
  return {
    ...own,
    ...(face
      ? {
          hair: mixed(own.hair, reference.hair, share),
          eyes: mixed(own.eyes, reference.eyes, share),
          skin: mixed(own.skin, reference.skin, share),
        }
      : {}),
    ...(face && takes
      ? { cut: reference.cut, bangs: reference.bangs, boy: reference.boy, accessory: reference.accessory }
      : {}),
    ...(style ? { cloth: mixed(own.cloth, reference.cloth, share), trim: mixed(own.trim, reference.trim, share) } : {}),
    ...(style && takes ? { outfit: reference.outfit } : {}),
  };
}

/** Hues go the short way round. */
function mixed(from: Colour, to: Colour, share: number): Colour {
  const turn = ((to.hue - from.hue + 540) % 360) - 180;
  const between = (a: number, b: number): number => a + (b - a) * share;
  return colour(
    from.hue + turn * share,
    between(from.saturation, to.saturation),
    between(from.lightness, to.lightness),
  );
}
