/** CIE L*a*b* under D65, 2 degrees. L 0..100, a and b about -128..128. */
export interface Lab {
  readonly l: number;
  readonly a: number;
  readonly b: number;
}

/** sRGB decoding of the 256 levels to linear light, 0..1 (IEC 61966-2-1). */
const linear = Float64Array.from({ length: 256 }, (_, level) => {
  const value = level / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
});

const white = { x: 0.95047, y: 1, z: 1.08883 } as const;
const epsilon = (6 / 29) ** 3;
const root = (t: number): number => (t > epsilon ? Math.cbrt(t) : t / (3 * (6 / 29) ** 2) + 4 / 29);

/**
 * Formula source: IEC 61966-2-1 matrix and CIE 15.
 * @param red 0..255, whole numbers, as the others
 */
export function labOfRgb(red: number, green: number, blue: number): Lab {
  const r = linear[red];
  const g = linear[green];
  const b = linear[blue];
  if (r === undefined || g === undefined || b === undefined)
    throw new RangeError(`${red}, ${green}, ${blue} is no 8-bit colour`);
  const x = root((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / white.x);
  const y = root((0.2126729 * r + 0.7151522 * g + 0.072175 * b) / white.y);
  const z = root((0.0193339 * r + 0.119192 * g + 0.9503041 * b) / white.z);
  return { l: 116 * y - 16, a: 500 * (x - y), b: 200 * (y - z) };
}

/** `#rrggbb`, as character sheets write colours. @throws RangeError for anything else */
export function labOfHex(colour: string): Lab {
  if (!/^#[0-9a-f]{6}$/i.test(colour)) throw new RangeError(`${colour} is not a colour like #a1b2c3`);
  const part = (start: number): number => Number.parseInt(colour.slice(start, start + 2), 16);
  return labOfRgb(part(1), part(3), part(5));
}

const degrees = Math.PI / 180;

/**
 * CIEDE2000 colour difference, 0 and up; about 1 is just noticeable, above 10 a different colour at a glance.
 * Formula source: Sharma, Wu, Dalal 2005, with their test pairs.
 */
export function colourDifference(first: Lab, second: Lab): number {
  const meanChroma = (Math.hypot(first.a, first.b) + Math.hypot(second.a, second.b)) / 2;
  const g = 0.5 * (1 - Math.sqrt(meanChroma ** 7 / (meanChroma ** 7 + 25 ** 7)));
  const a1 = first.a * (1 + g);
  const a2 = second.a * (1 + g);
  const c1 = Math.hypot(a1, first.b);
  const c2 = Math.hypot(a2, second.b);
  const h1 = hue(first.b, a1);
  const h2 = hue(second.b, a2);

  const deltaL = second.l - first.l;
  const deltaC = c2 - c1;
  const deltaHue = c1 * c2 === 0 ? 0 : turn(h2 - h1);
  const deltaH = 2 * Math.sqrt(c1 * c2) * Math.sin((deltaHue / 2) * degrees);

  const meanL = (first.l + second.l) / 2;
  const meanC = (c1 + c2) / 2;
  const meanHue = c1 * c2 === 0 ? h1 + h2 : averageHue(h1, h2);
  const t =
    1 -
    0.17 * Math.cos((meanHue - 30) * degrees) +
    0.24 * Math.cos(2 * meanHue * degrees) +
    0.32 * Math.cos((3 * meanHue + 6) * degrees) -
    0.2 * Math.cos((4 * meanHue - 63) * degrees);
  const rotation = 30 * Math.exp(-(((meanHue - 275) / 25) ** 2));
  const rc = 2 * Math.sqrt(meanC ** 7 / (meanC ** 7 + 25 ** 7));
  const sl = 1 + (0.015 * (meanL - 50) ** 2) / Math.sqrt(20 + (meanL - 50) ** 2);
  const sc = 1 + 0.045 * meanC;
  const sh = 1 + 0.015 * meanC * t;
  const l = deltaL / sl;
  const c = deltaC / sc;
  const h = deltaH / sh;
  return Math.sqrt(Math.max(0, l * l + c * c + h * h - Math.sin(2 * rotation * degrees) * rc * c * h));
}

const hue = (b: number, a: number): number => {
  if (a === 0 && b === 0) return 0;
  const angle = Math.atan2(b, a) / degrees;
  return angle < 0 ? angle + 360 : angle;
};

/** The shorter way round. */
const turn = (difference: number): number =>
  difference > 180 ? difference - 360 : difference < -180 ? difference + 360 : difference;

function averageHue(first: number, second: number): number {
  const sum = first + second;
  if (Math.abs(first - second) <= 180) return sum / 2;
  return sum < 360 ? (sum + 360) / 2 : (sum - 360) / 2;
}
