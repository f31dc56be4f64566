import type { AttemptState } from '@tower/contracts';
import { In, type EntityManager } from 'typeorm';
import { Attempt, type AttemptProgress } from './attempt.entity';
import { attemptStatesBefore, liveAttemptStates } from './states';

// Every write of the `attempt` table but its first (`JobStore.book`); `stores.spec.ts` sees to it that there are no
// others.

/** What a move may bring with it. */
type Ending = Pick<
  Attempt,
  'startedAt' | 'endedAt' | 'seconds' | 'timings' | 'outcome' | 'outputs' | 'error' | 'verdict' | 'scores'
>;

/**
 * Moves an attempt as the table of `states.ts` allows: from any state before `to`, or from `from` alone. False, and
 * nothing is written, when it does not stand there any more; it was cancelled meanwhile, for instance.
 */
export async function moveAttempt(
  tx: EntityManager,
  id: string,
  { from, to }: { from?: AttemptState; to: AttemptState },
  changes: Partial<Ending> = {},
): Promise<boolean> {
  const states = attemptStatesBefore(to).filter((state) => from === undefined || state === from);
  const moved = await tx.update(Attempt, { id, state: In(states) }, { ...changes, state: to });
  if (moved.affected !== 1) return false;
  if (!isLive(to)) await advanceBehind(tx, 'id = $1', id);
  return true;
}

const isLive = (state: AttemptState): boolean => (liveAttemptStates as readonly string[]).includes(state);

/** What waits behind attempts that have left their cards is what these cards work on from now on. */
async function advanceBehind(tx: EntityManager, which: 'id = $1' | 'job_id = $1', value: string): Promise<void> {
  await advance(tx, `gpu in (select ended.gpu from attempt ended where ended.${which})`, value);
}

/**
 * The card works on what was behind another attempt, where nothing is before it any more: that ended in a transaction
 * that could not see what came behind it meanwhile. False where nothing had to be changed.
 */
export function advanceOn(tx: EntityManager, gpu: string): Promise<boolean> {
  return advance(tx, 'gpu = $1', gpu);
}

async function advance(tx: EntityManager, where: string, value: string): Promise<boolean> {
  const [, count]: [unknown, number] = await tx.query(
    `update attempt behind set slot = 0 where behind.slot = 1 and behind.state = any($2) and behind.${where}
       and not exists (select 1 from attempt first where first.gpu = behind.gpu and first.slot = 0
         and first.state = any($2))`,
    [value, [...liveAttemptStates]],
  );
  return count > 0;
}

/** Ends every open attempt of a job, however far it has come. */
export async function cancelAttempts(tx: EntityManager, jobId: string, at: Date): Promise<void> {
  await tx.update(
    Attempt,
    { jobId, state: In(attemptStatesBefore('cancelled')) },
    { state: 'cancelled', endedAt: at, outcome: 'cancelled' },
  );
  await advanceBehind(tx, 'job_id = $1', jobId);
}

/** How far a live attempt has come; of another one nothing is noted. */
export async function noteProgress(tx: EntityManager, id: string, progress: AttemptProgress): Promise<void> {
  await tx.update(Attempt, { id, state: In([...liveAttemptStates]) }, { progress });
}

/** The server calls the prompt otherwise. */
export async function notePromptId(tx: EntityManager, id: string, promptId: string): Promise<void> {
  await tx.update(Attempt, { id }, { promptId });
}

/**
 * Gives attempts other cards. Fails with a unique violation when a slot of a card would have two live ones then.
 */
export async function moveToCards(
  tx: EntityManager,
  attempts: readonly { readonly id: string; readonly gpu: string }[],
): Promise<void> {
  // Two cards may have changed places, and a slot may have but one live attempt at any moment between.
  await tx.query('update attempt set gpu = id::text where id = any($1)', [attempts.map(({ id }) => id)]);
  for (const { id, gpu } of attempts) await tx.update(Attempt, { id }, { gpu });
}

/** The event that told quality of the attempt, and when. */
export async function noteAnnouncement(
  tx: EntityManager,
  id: string,
  { announcedAs, announcedAt }: { announcedAs: string; announcedAt: Date },
): Promise<void> {
  await tx.update(Attempt, { id }, { announcedAs, announcedAt });
}

/**
 * Counts one more announcement of an attempt that waits for its verdict. False when it does not wait any more, or
 * another one counted first.
 */
export async function countAnnouncement(
  tx: EntityManager,
  { id, announcedAgain }: Pick<Attempt, 'id' | 'announcedAgain'>,
): Promise<boolean> {
  const counted = await tx.update(
    Attempt,
    { id, state: 'checking', announcedAgain },
    { announcedAgain: announcedAgain + 1 },
  );
  return counted.affected === 1;
}

/** Since when quality does not answer for an attempt that waits for its verdict; null while it does. */
export async function noteQualitySilence(tx: EntityManager, id: string, since: Date | null): Promise<void> {
  await tx.update(Attempt, { id, state: 'checking' }, { qualitySilentSince: since });
}

/** A decoding of the attempt's files begins; until it is struck it counts as cut off. */
export async function noteDecodingBegun(tx: EntityManager, id: string): Promise<void> {
  await tx.increment(Attempt, { id }, 'decodingsCutOff', 1);
}

/** The decoding that had begun ended with the decoder. */
export async function noteDecoderDeath(tx: EntityManager, id: string): Promise<void> {
  await tx.query(
    `update attempt set decoder_deaths = decoder_deaths + 1,
       decodings_cut_off = greatest(decodings_cut_off - 1, 0) where id = $1`,
    [id],
  );
}

/** The decoder came back, with whatever it found. */
export async function noteDecoded(tx: EntityManager, id: string): Promise<void> {
  await tx.update(Attempt, { id }, { decoderDeaths: 0, decodingsCutOff: 0 });
}
