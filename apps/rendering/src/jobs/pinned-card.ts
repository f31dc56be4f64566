import { memorySteps, type RecoveryStep } from '../workflows/composition';

/** Steps after which the next attempt belongs on the card that failed; elsewhere they would prove nothing. */
const stayingSteps: ReadonlySet<RecoveryStep['step']> = new Set<RecoveryStep['step']>([
  'free_models',
  'download_model',
  ...memorySteps,
]);

/** The card that a waiting task belongs on because of its last step; undefined when any will do. */
export const pinnedTo = (taken: readonly RecoveryStep[]): string | undefined => {
  const last = taken.at(-1);
  return last !== undefined && stayingSteps.has(last.step) ? last.gpu : undefined;
};
