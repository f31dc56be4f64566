import type { Card } from '../cards/card';
import type { Waiting } from './eligibility';

/** A card for pictures that has what `aTask` needs, and nothing to do. */
export const aCard = (changes: Partial<Card> = {}): Card => ({
  name: 'rx9070xt',
  position: 1,
  prefers: ['image'],
  only: false,
  isIdle: true,
  isUsable: true,
  foreignPrompts: 0,
  resident: [],
  memoryMb: null,
  isRestartable: false,
  checkpoints: ['anime.safetensors'],
  nodes: ['KSampler', 'SaveImage'],
  ...changes,
});

/** A still that waits. */
export const aTask = (changes: Partial<Waiting> = {}): Waiting => ({
  taskId: 't1',
  jobId: 'j1',
  work: 'image',
  modelName: 'anime.safetensors',
  classes: ['KSampler'],
  excludedGpus: [],
  ...changes,
});

/** Another one, configured before it, for films. */
export const filmCard = aCard({ name: 'rtx3060', position: 0, prefers: ['video'] });
