import type { CardStanding } from '../cards/card-snapshot';
import type { StrayPrompt } from '../cards/same-servers';
import { othersPrompts } from '../planning/explain';

/** What is in a card's queue, told apart by whose it is. */
export interface QueueShares {
  /** Prompts of ours, whether or not an attempt stands for them any more. */
  ours: number;
  /** Prompts that somebody else queued. */
  foreign: number;
  /** A prompt that we sent to another card. */
  stray: StrayPrompt | undefined;
  /** The job of a live attempt on the card; where the card has trouble, of one that runs. */
  liveJob: string | undefined;
  /** Why the card takes no work though it answers; null when it does. */
  trouble: string | null;
}

/** How a card stands that answers. Our own work goes before everything else: it runs although the card is unwell. */
export function standingOf({ ours, foreign, stray, liveJob, trouble }: QueueShares): Required<CardStanding> {
  const foreignPrompts = foreign;
  if (ours > 0 && liveJob !== undefined) return { foreignPrompts, state: 'busy', detail: `renders job ${liveJob}` };
  if (trouble !== null) return { foreignPrompts, state: 'unhealthy', detail: trouble };
  if (stray !== undefined) {
    const detail = `has the prompt of job ${stray.jobId} that was sent to ${stray.gpu}`;
    return { foreignPrompts, state: 'busy', detail };
  }
  if (ours > 0) return { foreignPrompts, state: 'busy', detail: 'stops a prompt that was given up' };
  if (foreign > 0) return { foreignPrompts, state: 'shared', detail: `busy with ${othersPrompts(foreign)}` };
  return { foreignPrompts, state: 'idle', detail: 'idle' };
}
