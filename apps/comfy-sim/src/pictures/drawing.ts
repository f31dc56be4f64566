import { css, fine, round } from './colour';
import { face } from './face';
import { accessory, body } from './figure';
import { backHair, frontHair } from './hair';
import { lift, poseOf, type Pose } from './pose';
import { recipeRandom, type DrawingRecipe } from './recipe';
import { foreground, scenery } from './scenery';
import { traitsOf } from './traits';
import { watermark } from './watermark';

/** Size of a head unit: a picture this many units wide and high shows head and shoulders. */
const unitsWide = 100;
const unitsHigh = 128;

/** The whole picture as SVG of exactly this size; vector paths only. */
export function drawSvg(recipe: DrawingRecipe, width: number, height: number): string {
  const picture = recipe.sampled
    ? character(recipe, width, height)
    : `<rect width="${width}" height="${height}" fill="#7f7f7f"/>`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ` +
    `${height}">${picture}${watermark(width, height)}</svg>`
  );
}

/** Scenery that moves is drawn larger, so that no edge comes into the picture. */
const sceneryMargin = 1.18;

function character(recipe: DrawingRecipe, width: number, height: number): string {
  const traits = traitsOf(recipe);
  const pose = poseOf(recipe);
  const random = recipeRandom(recipe, 'scene');
  const scale = Math.min(width / unitsWide, height / unitsHigh) * traits.zoom * (pose?.zoom ?? 1);
  const x = width * (0.5 + traits.shiftX + (pose?.walk ?? 0));
  const y = height * (0.4 + traits.shiftY);
  const back = scenery(traits.scene, width, height, random);
  const front = foreground(traits.scene, width, height, random, pose);
  const tilt = round(traits.tilt + (pose?.nod ?? 0));
  const head =
    `<g transform="${lift(pose, 1)}rotate(${tilt} 0 ` +
    `24)">${face(traits, pose)}${frontHair(traits, pose)}${accessory(traits)}</g>`;
  const figure =
    `<g transform="translate(${fine(x)} ${fine(y)}) scale(${round(scale * 100) / 100})"><g ` +
    `transform="${lift(pose, 1)}rotate(${tilt} 0 24)">${backHair(traits, pose)}</g>${body(traits, pose)}${head}</g>`;
  return (
    (pose === undefined ? back : drifted(back, pose, width, height)) +
    figure +
    front +
    (recipe.refined > 0 ? refinement(traits.hair, recipe, width, height) : '')
  );
}

function drifted(back: string, { pan, rise, zoom }: Pose, width: number, height: number): string {
  const scale = sceneryMargin * zoom;
  const x = width * (0.5 + pan);
  const y = height * (0.5 + rise);
  return (
    `<g transform="translate(${fine(x)} ${fine(y)}) scale(${fine(scale)}) ` +
    `translate(${round(-width / 2)} ${round(-height / 2)})">${back}</g>`
  );
}

/** A second pass shows as fine light: same character, more texture. */
function refinement(hair: Parameters<typeof css>[0], recipe: DrawingRecipe, width: number, height: number): string {
  const random = recipeRandom(recipe, `refined ${recipe.refined}`);
  const unit = Math.min(width, height) / 100;
  const sparks = Array.from(
    { length: 40 },
    () =>
      `<circle cx="${round(random() * width)}" cy="${round(random() * height)}" ` +
      `r="${round(unit * (0.12 + random() * 0.25))}"/>`,
  );
  return (
    `<g fill="#fff" fill-opacity=".55">${sparks.join('')}</g><rect width="${width}" ` +
    `height="${height}" fill="${css(hair)}" fill-opacity=".05"/>`
  );
}
