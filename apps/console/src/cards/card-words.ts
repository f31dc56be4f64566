import type { GpuState, GpuView } from '@tower/contracts';
import type { Tone } from '../jobs/job-states';

/** Every state of a card; total, so that one which is added has to be decided here. */
const states: Readonly<Record<GpuState, { word: string; tone: Tone }>> = {
  unknown: { word: 'Not seen yet', tone: 'neutral' },
  idle: { word: 'Idle', tone: 'good' },
  busy: { word: 'At work', tone: 'busy' },
  shared: { word: 'In use by others', tone: 'warn' },
  unhealthy: { word: 'Resting', tone: 'warn' },
  down: { word: 'Down', tone: 'bad' },
};

type Card = Pick<GpuView, 'state' | 'drained'>;

/** A card that a person took out of use is that, whatever else it is. */
export const cardWord = ({ state, drained }: Card): string => (drained === null ? states[state].word : 'Out of use');
export const cardTone = ({ state, drained }: Card): Tone => (drained === null ? states[state].tone : 'warn');
