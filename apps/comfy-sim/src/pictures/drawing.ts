import { css, round } from './colour';
import { face } from './face';
import { accessory, body } from './figure';
import { backHair, frontHair } from './hair';
import { recipeRandom, type DrawingRecipe } from './recipe';
import { foreground, scenery } from './scenery';
import { traitsOf } from './traits';
import { watermark } from './watermark';

/** Size of a head unit: a picture this many units wide and high shows head and shoulders. */
const unitsWide = 100;
const unitsHigh = 128;

/** The whole picture as SVG of exactly this size; vector paths only. */
export function drawSvg(recipe: DrawingRecipe, width: number, height: number): string {
  const picture = recipe.sampled ? character(recipe, width, height) : `<rect width="${width}" height="${height}" fill="#7f7f7f"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${picture}${watermark(width, height)}</svg>`;
}

function character(recipe: DrawingRecipe, width: number, height: number): string {
  const traits = traitsOf(recipe);
  const random = recipeRandom(recipe, 'scene');
  const scale = Math.min(width / unitsWide, height / unitsHigh) * traits.zoom;
  const x = width * (0.5 + traits.shiftX);
  const y = height * (0.4 + traits.shiftY);
  const back = scenery(traits.scene, width, height, random);
  const front = foreground(traits.scene, width, height, random);
  const head = `<g transform="rotate(${round(traits.tilt)} 0 24)">${face(traits)}${frontHair(traits)}${accessory(traits)}</g>`;
  const figure = `<g transform="translate(${round(x)} ${round(y)}) scale(${round(scale * 100) / 100})"><g transform="rotate(${round(traits.tilt)} 0 24)">${backHair(traits)}</g>${body(traits)}${head}</g>`;
  return back + figure + front + (recipe.refined > 0 ? refinement(traits.hair, recipe, width, height) : '');
}

/** A second pass shows as fine light: same character, more texture. */
function refinement(hair: Parameters<typeof css>[0], recipe: DrawingRecipe, width: number, height: number): string {
  const random = recipeRandom(recipe, `refined ${recipe.refined}`);
  const unit = Math.min(width, height) / 100;
  const sparks = Array.from({ length: 40 }, () => `<circle cx="${round(random() * width)}" cy="${round(random() * height)}" r="${round(unit * (0.12 + random() * 0.25))}"/>`);
  return `<g fill="#fff" fill-opacity=".55">${sparks.join('')}</g><rect width="${width}" height="${height}" fill="${css(hair)}" fill-opacity=".05"/>`;
}
