import type { JobState, JobType, Priority } from '@tower/contracts';

/** How something stands, in the colours that mean it. */
export type Tone = 'neutral' | 'busy' | 'good' | 'warn' | 'bad';

interface StateWords {
  readonly word: string;
  readonly tone: Tone;
  /** Whether nothing about the job changes any more. */
  readonly isOver: boolean;
}

/** Every state in the words of the page; total, so that a state which is added has to be decided here. */
export const jobStates: Readonly<Record<JobState, StateWords>> = {
  pending: { word: 'Accepted', tone: 'neutral', isOver: false },
  queued: { word: 'Waiting', tone: 'neutral', isOver: false },
  processing: { word: 'Rendering', tone: 'busy', isOver: false },
  quality_check: { word: 'Being checked', tone: 'busy', isOver: false },
  completed: { word: 'Ready', tone: 'good', isOver: true },
  rejected: { word: 'Rejected', tone: 'warn', isOver: true },
  failed: { word: 'Failed', tone: 'bad', isOver: true },
  timeout: { word: 'Timed out', tone: 'bad', isOver: true },
  cancelled: { word: 'Cancelled', tone: 'neutral', isOver: true },
};

export const jobTypes: Readonly<Record<JobType, string>> = {
  still_image: 'Picture',
  character_sheet: 'Character sheet',
  animation_loop: 'Loop',
  full_video: 'Film',
};

/** From the first that is served to the last. */
export const priorities: readonly Priority[] = ['urgent', 'high', 'normal', 'low'];
