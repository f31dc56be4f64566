import { round } from './colour';
import type { Pose } from './pose';
import type { Scene } from './traits';

type Random = () => number;
const skies: Record<Scene, readonly [string, string]> = {
  day: ['#7ec8f5', '#e8f7ff'],
  night: ['#0b1440', '#3a4f93'],
  forest: ['#bfe3b4', '#eef8dc'],
  city: ['#5d6ea8', '#f2c4b8'],
  beach: ['#6fc6ee', '#fdf3d6'],
  sunset: ['#5b3f8f', '#ffb27a'],
  snow: ['#b9cbe4', '#f6f9ff'],
  sakura: ['#f7c9dc', '#fff3f6'],
  room: ['#e9d7bf', '#f9efe0'],
  rain: ['#5f7389', '#a8b8c6'],
  space: ['#08051f', '#3b1d5e'],
  meadow: ['#8fd0f0', '#effbe0'],
};

/** The background, drawn in pixels of the picture. */
export function scenery(scene: Scene, width: number, height: number, random: Random): string {
  const [top, bottom] = skies[scene];
  const sky =
    `<defs><linearGradient id="sky" x1="0" y1="0" x2="0" y2="1"><stop offset="0" ` +
    `stop-color="${top}"/><stop offset="1" stop-color="${bottom}"/></linearGradient></defs><rect ` +
    `width="${width}" height="${height}" fill="url(#sky)"/>`;
  return sky + things[scene](width, height, random);
}

/** What flies in front of the figure. */
export function foreground(scene: Scene, width: number, height: number, random: Random, pose?: Pose): string {
  const unit = Math.min(width, height) / 100;
  const fallen = (times: number): Place => falling(width, height, times, pose);
  switch (scene) {
    case 'sakura':
      return scatter(
        22,
        width,
        height,
        random,
        (x, y) =>
          `<ellipse cx="${x}" cy="${y}" rx="${round(unit * 1.5)}" ry="${round(unit * 0.8)}" fill="#ff9fbd" ` +
          `fill-opacity=".85" transform="rotate(${round(x % 180)} ${x} ${y})"/>`,
        fallen(1),
      );
    case 'snow':
      return scatter(
        40,
        width,
        height,
        random,
        (x, y) => `<circle cx="${x}" cy="${y}" r="${round(unit * (0.4 + random()))}" fill="#fff" fill-opacity=".9"/>`,
        fallen(1),
      );
    case 'rain':
      return scatter(
        46,
        width,
        height,
        random,
        (x, y) =>
          `<path d="M${x} ${y} l${round(-unit)} ${round(unit * 5)}" stroke="#dcebf7" ` +
          `stroke-opacity=".6" stroke-width="${round(unit * 0.3)}"/>`,
        fallen(3),
      );
    case 'forest':
    case 'meadow':
      return scatter(
        14,
        width,
        height,
        random,
        (x, y) => `<circle cx="${x}" cy="${y}" r="${round(unit * 0.7)}" fill="#fff9c2" fill-opacity=".8"/>`,
        hovering(unit, pose),
      );
    default:
      return '';
  }
}

type Place = (x: number, y: number) => readonly [x: number, y: number];
const stays: Place = (x, y) => [x, y];

/** Down and in again at the top, a whole number of times in a loop. */
function falling(width: number, height: number, times: number, pose: Pose | undefined): Place {
  if (pose === undefined) return stays;
  const span = 1.2 * height;
  return (x, y) => [
    x + 0.03 * width * Math.sin(2 * Math.PI * (pose.fall + x / width)),
    ((y * 1.2 + times * pose.fall * span) % span) - 0.1 * height,
  ];
}

function hovering(unit: number, pose: Pose | undefined): Place {
  if (pose === undefined) return stays;
  return (x, y) => {
    const angle = 2 * Math.PI * pose.fall + x + y;
    return [x + 5 * unit * Math.cos(angle), y + 3 * unit * Math.sin(angle)];
  };
}

type Painter = (width: number, height: number, random: Random) => string;

const things: Record<Scene, Painter> = {
  day: (w, h, random) => clouds(w, h, random) + hills(w, h, random, '#7cc47a', '#5aa868'),
  night: (w, h, random) => stars(w, h, random) + moon(w, h, random) + hills(w, h, random, '#1a2350', '#121839'),
  forest: (w, h, random) => trees(w, h, random, '#6fae6b') + trees(w, h, random, '#3f7f4b') + ground(w, h, '#5c9a55'),
  city: (w, h, random) => houses(w, h, random, '#4a5587') + houses(w, h, random, '#2c345c'),
  beach: (w, h, random) =>
    clouds(w, h, random) +
    `<rect y="${round(h * 0.62)}" width="${w}" height="${round(h * 0.2)}" fill="#2f9ed0"/>` +
    ground(w, h, '#f3dfae'),
  sunset: (w, h, random) =>
    `<circle cx="${round(w * (0.25 + random() * 0.5))}" cy="${round(h * 0.55)}" ` +
    `r="${round(Math.min(w, h) * 0.16)}" fill="#fff0c4"/>` +
    hills(w, h, random, '#7a4a86', '#4c2f63'),
  snow: (w, h, random) => trees(w, h, random, '#8aa6b8') + ground(w, h, '#ffffff'),
  sakura: (w, h, random) => blossoms(w, h, random) + ground(w, h, '#f3d7de'),
  room: (w, h, random) => roomWindow(w, h, random) + ground(w, h, '#b98d62'),
  rain: (w, h, random) => houses(w, h, random, '#4b5b6c'),
  space: (w, h, random) => stars(w, h, random) + planet(w, h, random),
  meadow: (w, h, random) => clouds(w, h, random) + hills(w, h, random, '#a6d97a', '#7cc05c') + flowers(w, h, random),
};

function scatter(
  count: number,
  width: number,
  height: number,
  random: Random,
  draw: (x: number, y: number) => string,
  place: Place = stays,
): string {
  return Array.from({ length: count }, () => {
    const [x, y] = place(random() * width, random() * height);
    return draw(round(x), round(y));
  }).join('');
}

const ground = (w: number, h: number, fill: string): string =>
  `<path d="M0 ${round(h * 0.8)} Q${round(w / 2)} ${round(h * 0.75)} ${w} ` +
  `${round(h * 0.8)} V${h} H0 Z" fill="${fill}"/>`;

function hills(w: number, h: number, random: Random, far: string, near: string): string {
  const hill = (fill: string, top: number): string => {
    const [a, b] = [random(), random()];
    return (
      `<path d="M0 ${round(h * (top + a * 0.06))} C${round(w * 0.3)} ${round(h * (top - 0.1 * a))} ` +
      `${round(w * 0.6)} ${round(h * (top + 0.12 * b))} ${w} ` +
      `${round(h * (top - 0.05 * b))} V${h} H0 Z" fill="${fill}"/>`
    );
  };
  return hill(far, 0.62) + hill(near, 0.74);
}

function clouds(w: number, h: number, random: Random): string {
  return Array.from({ length: 4 }, () => {
    const [x, y, r] = [random() * w, h * (0.06 + random() * 0.3), Math.min(w, h) * (0.05 + random() * 0.05)];
    return [
      [-1.2, 0.2, 0.8],
      [0, -0.2, 1.1],
      [1.2, 0.15, 0.9],
    ]
      .map(
        ([dx = 0, dy = 0, k = 1]) =>
          `<circle cx="${round(x + dx * r)}" cy="${round(y + dy * r)}" ` +
          `r="${round(r * k)}" fill="#fff" fill-opacity=".85"/>`,
      )
      .join('');
  }).join('');
}

function stars(w: number, h: number, random: Random): string {
  const unit = Math.min(w, h) / 100;
  return scatter(
    60,
    w,
    h * 0.75,
    random,
    (x, y) => `<circle cx="${x}" cy="${y}" r="${round(unit * (0.2 + random() * 0.4))}" fill="#fffbe0"/>`,
  );
}

function moon(w: number, h: number, random: Random): string {
  const [x, y, r] = [w * (random() < 0.5 ? 0.18 : 0.8), h * (0.12 + random() * 0.1), Math.min(w, h) * 0.1];
  return (
    `<circle cx="${round(x)}" cy="${round(y)}" r="${round(r * 1.6)}" fill="#fff8d0" ` +
    `fill-opacity=".18"/><circle cx="${round(x)}" cy="${round(y)}" r="${round(r)}" fill="#fff6cf"/>`
  );
}

function planet(w: number, h: number, random: Random): string {
  const [x, y, r] = [w * (0.15 + random() * 0.7), h * 0.16, Math.min(w, h) * 0.13];
  return (
    `<circle cx="${round(x)}" cy="${round(y)}" r="${round(r)}" fill="#c97fd6"/><ellipse cx="${round(x)}" ` +
    `cy="${round(y)}" rx="${round(r * 1.8)}" ry="${round(r * 0.35)}" fill="none" stroke="#f5d9a8" ` +
    `stroke-width="${round(r * 0.12)}" transform="rotate(-18 ${round(x)} ${round(y)})"/>`
  );
}

function trees(w: number, h: number, random: Random, fill: string): string {
  return Array.from({ length: 7 }, (_, index) => {
    const x = (w * (index + random())) / 7;
    const top = h * (0.18 + random() * 0.25);
    const half = w * (0.07 + random() * 0.05);
    return (
      `<rect x="${round(x - w * 0.012)}" y="${round(h * 0.6)}" width="${round(w * 0.024)}" ` +
      `height="${round(h * 0.25)}" fill="#6b4a35"/><path d="M${round(x)} ${round(top)} L${round(x + half)} ` +
      `${round(h * 0.72)} H${round(x - half)} Z" fill="${fill}"/>`
    );
  }).join('');
}

function houses(w: number, h: number, random: Random, fill: string): string {
  return Array.from({ length: 8 }, (_, index) => {
    const x = (w * index) / 8;
    const top = h * (0.3 + random() * 0.35);
    const lit = Array.from(
      { length: 6 },
      () =>
        `<rect x="${round(x + w * (0.015 + random() * 0.075))}" y="${round(top + h * (0.03 + random() * 0.3))}" ` +
        `width="${round(w * 0.016)}" height="${round(h * 0.018)}" fill="#ffe9a3" fill-opacity=".8"/>`,
    ).join('');
    return (
      `<rect x="${round(x)}" y="${round(top)}" width="${round(w / 8 + 1)}" ` +
      `height="${round(h - top)}" fill="${fill}"/>${lit}`
    );
  }).join('');
}

function blossoms(w: number, h: number, random: Random): string {
  const trunk =
    `<path d="M${round(w * 0.06)} ${h} C${round(w * 0.1)} ${round(h * 0.5)} ${round(w * 0.02)} ` +
    `${round(h * 0.3)} ${round(w * 0.3)} ${round(h * 0.12)}" fill="none" ` +
    `stroke="#7a5548" stroke-width="${round(w * 0.04)}"/>`;
  return (
    trunk +
    scatter(
      26,
      w,
      h * 0.34,
      random,
      (x, y) =>
        `<circle cx="${x}" cy="${y}" ` +
        `r="${round(Math.min(w, h) * (0.03 + random() * 0.04))}" fill="#ffbfd3" fill-opacity=".75"/>`,
    )
  );
}

function flowers(w: number, h: number, random: Random): string {
  const petals = ['#ff8fab', '#ffd166', '#fff', '#b892ff'];
  return Array.from(
    { length: 26 },
    () =>
      `<circle cx="${round(random() * w)}" cy="${round(h * (0.8 + random() * 0.2))}" ` +
      `r="${round(Math.min(w, h) * 0.011)}" fill="${petals[Math.floor(random() * petals.length)] ?? '#fff'}"/>`,
  ).join('');
}

function roomWindow(w: number, h: number, random: Random): string {
  const x = w * (random() < 0.5 ? 0.06 : 0.56);
  return (
    `<rect x="${round(x)}" y="${round(h * 0.1)}" width="${round(w * 0.38)}" height="${round(h * 0.4)}" ` +
    `fill="#bfe6ff" stroke="#fff" stroke-width="${round(w * 0.018)}"/><path d="M${round(x + w * 0.19)} ` +
    `${round(h * 0.1)} v${round(h * 0.4)} M${round(x)} ${round(h * 0.3)} ` +
    `h${round(w * 0.38)}" stroke="#fff" stroke-width="${round(w * 0.012)}"/>`
  );
}
