import type { DrawingRecipe, Reference } from './recipe';

/** Keyword of the PNG text that says how a simulated picture was drawn, so that an uploaded one is known again. */
export const recipeKeyword = 'simulated';

/** ASCII only, as PNG texts need it. A frame is kept as the picture it is; where in which film it stood is not. */
export function toRecipeText(recipe: DrawingRecipe): string {
  const { motion: _motion, ...rest } = recipe;
  return JSON.stringify(rest).replace(
    /[\u0080-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Undefined for anything that is no recipe: files come from clients. */
export function fromRecipeText(text: string | undefined): DrawingRecipe | undefined {
  if (text === undefined) return undefined;
  try {
    return toRecipe(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function toRecipe(value: unknown): DrawingRecipe | undefined {
  if (!isRecord(value)) return undefined;
  const { positive, negative, seed, steps, cfg, model, loras, index, source, refined, sampled, references } = value;
  const texts = [positive, negative, seed, model, source];
  const numbers = [steps, cfg, index, refined];
  if (!texts.every((item) => typeof item === 'string') || !numbers.every((item) => typeof item === 'number'))
    return undefined;
  if (typeof sampled !== 'boolean' || !Array.isArray(loras) || !loras.every((item) => typeof item === 'string'))
    return undefined;
  const read = references === undefined ? [] : toReferences(references);
  if (read === undefined) return undefined;
  return {
    positive: texts[0] as string,
    negative: texts[1] as string,
    seed: texts[2] as string,
    model: texts[3] as string,
    source: texts[4] as string,
    steps: numbers[0] as number,
    cfg: numbers[1] as number,
    index: numbers[2] as number,
    refined: numbers[3] as number,
    sampled,
    loras: loras as string[],
    ...(read.length === 0 ? {} : { references: read }),
  };
}

function toReferences(value: unknown): Reference[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const read = value.map((item: unknown): Reference | undefined => {
    if (!isRecord(item) || typeof item['fingerprint'] !== 'string' || typeof item['weight'] !== 'number')
      return undefined;
    const scope = (['face', 'look', 'style'] as const).find((known) => known === item['scope']);
    return scope === undefined
      ? undefined
      : { recipe: toRecipe(item['recipe']), fingerprint: item['fingerprint'], weight: item['weight'], scope };
  });
  return read.every((reference) => reference !== undefined) ? read : undefined;
}
