import type { Card } from '../cards/card';
import { claimText, ineligibility, type Waiting } from './eligibility';

/**
 * How many tasks are served before one, by the card that it is planned for; without `gpu` by all cards. `about` where it
 * stands further back than the plan looks.
 */
export interface Ahead {
  count: number;
  about: boolean;
  gpu?: string;
}

/**
 * Why a task is not running, for a person: what it waits for, or what has to be mended. `ahead` is left out where
 * nothing is known of its place.
 */
export function whyWaiting(cards: readonly Card[], task: Waiting, ahead: Ahead | undefined): string {
  if (cards.length === 0) return 'Waiting: no card is configured; name one in config/gpus.yaml or TOWER_GPUS';
  const fit = cards.filter((card) => ineligibility(card, task) === undefined);
  if (fit.length === 0) return `Waiting: ${cards.map((card) => ineligibility(card, task)).join('; ')}`;
  const taken = fit
    .filter((card) => card.foreignPrompts > 0)
    .map((card) => `; ${card.name} is busy with ${othersPrompts(card.foreignPrompts)}`);
  const claims = fit.flatMap((card) => claimText(card, task) ?? []).map((text) => `; ${text}`);
  const where = ahead?.gpu ?? fit.map((card) => card.name).join(' or ');
  return `Waiting: ${placeText(ahead)} for ${where}${taken.join('')}${claims.join('')}${behindText(task)}`;
}

function behindText({ behind = [] }: Waiting): string {
  if (behind.length === 0) return '';
  const [first = ''] = behind;
  const who = behind.length === 1 ? `job ${first} goes` : `job ${first} and ${behind.length - 1} more go`;
  return `; ${who} before it by hand`;
}

function placeText(ahead: Ahead | undefined): string {
  if (ahead === undefined) return 'in line';
  if (ahead.about) return `${aboutSoMany(ahead.count)} before it in line`;
  return `${ahead.count === 0 ? 'next' : ordinal(ahead.count + 1)} in line`;
}

/** As exact as such a number is. */
export const aboutSoMany = (count: number): string => `about ${Math.round(count / 10) * 10} tasks`;

export const othersPrompts = (count: number): string =>
  `${count === 1 ? 'a prompt' : `${count} prompts`} that somebody else queued`;

export function ordinal(n: number): string {
  const tens = n % 100;
  const suffix = tens >= 11 && tens <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th');
  return `${n}${suffix}`;
}

/** What is not known of a card that others use. */
export const foreignTime = ({ name, foreignPrompts }: Pick<Card, 'name' | 'foreignPrompts'>): string =>
  `how long ${othersPrompts(foreignPrompts)} ${foreignPrompts === 1 ? 'takes' : 'take'} on ${name}`;
