import { colour, colourOf, type Colour } from './colour';
import { withIdentity } from './identity';
import { recipeRandom, type DrawingRecipe } from './recipe';

const hairCuts = ['long', 'short', 'twintails', 'ponytail', 'bob', 'wavy'] as const;
const bangs = ['straight', 'swept', 'parted', 'choppy'] as const;
const mouths = ['smile', 'open', 'calm', 'cat', 'shy'] as const;
const outfits = ['sailor', 'hoodie', 'kimono', 'dress', 'coat'] as const;
const scenes = [
  'day',
  'night',
  'forest',
  'city',
  'beach',
  'sunset',
  'snow',
  'sakura',
  'room',
  'rain',
  'space',
  'meadow',
] as const;
const accessories = ['none', 'ribbon', 'glasses', 'cat ears', 'headphones', 'flower', 'hat'] as const;

export type Scene = (typeof scenes)[number];

export interface Traits {
  readonly hair: Colour;
  readonly eyes: Colour;
  readonly skin: Colour;
  readonly cloth: Colour;
  readonly trim: Colour;
  readonly cut: (typeof hairCuts)[number];
  readonly bangs: (typeof bangs)[number];
  readonly mouth: (typeof mouths)[number];
  readonly outfit: (typeof outfits)[number];
  readonly scene: Scene;
  readonly accessory: (typeof accessories)[number];
  /** Degrees, and shares of the picture's width and height. */
  readonly tilt: number;
  readonly shiftX: number;
  readonly shiftY: number;
  readonly zoom: number;
  readonly wink: boolean;
  readonly waving: boolean;
  readonly boy: boolean;
}

/** Words that settle a trait; the first match wins. */
const sceneWords: readonly [RegExp, Scene][] = [
  [/\b(?:cherry blossoms?|sakura)\b/i, 'sakura'],
  [/\b(?:space|galaxy|cosmos)\b/i, 'space'],
  [/\b(?:forest|woods|jungle)\b/i, 'forest'],
  [/\b(?:beach|sea|ocean|seaside)\b/i, 'beach'],
  [/\b(?:rain|rainy)\b/i, 'rain'],
  [/\b(?:snow|snowy|winter)\b/i, 'snow'],
  [/\b(?:city|street|town|cyberpunk|skyscrapers?|tower)\b/i, 'city'],
  [/\b(?:sunset|dusk|evening|dawn)\b/i, 'sunset'],
  [/\b(?:night|moonlight|midnight|stars?)\b/i, 'night'],
  [/\b(?:room|indoors|classroom|school|cafe|library)\b/i, 'room'],
  [/\b(?:meadow|field|garden|flowers)\b/i, 'meadow'],
  [/\b(?:day|sky|sunny|noon)\b/i, 'day'],
];
const cutWords: readonly [RegExp, Traits['cut']][] = [
  [/\btwin ?-?tails?\b/i, 'twintails'],
  [/\bpony ?-?tail\b/i, 'ponytail'],
  [/\bbob\b/i, 'bob'],
  [/\bwavy|curly\b/i, 'wavy'],
  [/\bshort(?: \w+)? hair\b/i, 'short'],
  [/\blong(?: \w+)? hair\b/i, 'long'],
];
const outfitWords: readonly [RegExp, Traits['outfit']][] = [
  [/\b(?:uniform|sailor|serafuku)\b/i, 'sailor'],
  [/\b(?:hoodie|sweater|jacket)\b/i, 'hoodie'],
  [/\b(?:kimono|yukata)\b/i, 'kimono'],
  [/\bdress\b/i, 'dress'],
  [/\b(?:coat|cloak|armou?r)\b/i, 'coat'],
];
const accessoryWords: readonly [RegExp, Traits['accessory']][] = [
  [/\bglasses\b/i, 'glasses'],
  [/\b(?:cat ?-?ears|catgirl|nekomimi)\b/i, 'cat ears'],
  [/\bheadphones\b/i, 'headphones'],
  [/\b(?:ribbon|bow)\b/i, 'ribbon'],
  [/\bhair flower\b/i, 'flower'],
  [/\b(?:hat|witch)\b/i, 'hat'],
];
const mouthWords: readonly [RegExp, Traits['mouth']][] = [
  [/\b(?:open mouth|laughing|shouting|surprised)\b/i, 'open'],
  [/\b(?:smile|smiling|happy)\b/i, 'smile'],
  [/\b(?:sad|crying|shy|blush)\b/i, 'shy'],
  [/\b(?:serious|calm|angry|expressionless)\b/i, 'calm'],
];

/** Dice decide whatever the words leave open; the dice are always thrown, so that a word changes only its own trait. */
export function traitsOf(recipe: DrawingRecipe): Traits {
  return withIdentity(ownTraits(recipe), recipe.references ?? [], traitsOf);
}

function ownTraits(recipe: DrawingRecipe): Traits {
  const random = recipeRandom(recipe, 'traits');
  const text = recipe.positive;
  const pick = <T>(options: readonly T[], words: readonly (readonly [RegExp, T])[] = []): T => {
    const diced = options[Math.floor(random() * options.length)] as T;
    return words.find(([pattern]) => pattern.test(text))?.[1] ?? diced;
  };
  const boy = /\b(?:1boy|boy|man|male)\b/i.test(text);
  const hue = random() * 360;
  return {
    boy,
    hair: colourOf('hair', text) ?? colour(hue, 35 + random() * 45, 35 + random() * 40),
    eyes: colourOf('eyes', text) ?? colour(hue + 90 + random() * 180, 60 + random() * 30, 45 + random() * 15),
    skin: colour(20 + random() * 10, 75 + random() * 20, /\bdark skin\b/i.test(text) ? 48 : 86 + random() * 6),
    cloth:
      colourOf('(?:dress|uniform|kimono|hoodie|coat|jacket|shirt|clothes)', text) ??
      colour(random() * 360, 35 + random() * 35, 40 + random() * 35),
    trim: colour(random() * 360, 55, 62),
    cut: pick(boy ? (['short', 'wavy'] as const) : hairCuts, cutWords),
    bangs: pick(bangs),
    mouth: pick(mouths, mouthWords),
    outfit: pick(outfits, outfitWords),
    scene: pick(scenes, sceneWords),
    accessory: pick(boy ? (['none', 'glasses', 'headphones'] as const) : accessories, accessoryWords),
    tilt: (random() - 0.5) * 16,
    shiftX: (random() - 0.5) * 0.14,
    shiftY: (random() - 0.5) * 0.05,
    zoom: 0.9 + random() * 0.22,
    wink: /\bwink/i.test(text) || random() < 0.1,
    waving: /\bwav(?:e|ing)\b/i.test(text) || random() < 0.35,
  };
}
