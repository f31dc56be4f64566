import type { Card, Waiting } from './eligibility';

/** A card for pictures that has what `aTask` needs, and nothing to do. */
export const aCard = (changes: Partial<Card> = {}): Card => ({
  name: 'rx9070xt',
  position: 1,
  prefers: ['image'],
  only: false,
  idle: true,
  up: true,
  foreignPrompts: 0,
  checkpoints: ['anime.safetensors'],
  nodes: new Set(['KSampler', 'SaveImage']),
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
