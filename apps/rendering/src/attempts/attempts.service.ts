import { Inject, Injectable } from '@nestjs/common';
import type { FileRef, Failure, PromptGraph } from '@tower/comfyui';
import { attemptFailed, attemptLost, type JobError } from '@tower/contracts';
import { CLOCK, notFound, type Clock } from '@tower/kit';
import { DataSource, Like, type EntityManager } from 'typeorm';
import { noteResident } from '../cards/card-registry';
import { CardHealthService } from '../cards/health/card-health.service';
import { moveAttempt, moveToCards, notePromptId } from '../jobs/attempt-store';
import { Attempt, type AttemptTimings } from '../jobs/attempt.entity';
import { GenerationParams } from '../jobs/generation-params.entity';
import { boundedError, JobStore } from '../jobs/job-store';
import { Job } from '../jobs/job.entity';
import { Task } from '../jobs/task.entity';
import { underFence } from '../leadership';
import { firstTasks, type FirstTask } from '../planning/queue.queries';
import { Catalogue } from '../workflows/catalogue';
import { graphSha256 } from '../workflows/graph/graph-identity';
import { heldFor, maxLosses, pauseAfterLossMs } from './held-tasks';
import { graphOfAttempt, newAttempt, type BookedCard } from './new-attempt';
import { RecoveryService } from './recovery/recovery.service';

/** Outcome of an attempt that the server answered from its cache; its seconds say nothing about the card. */
export const cachedOutcome = 'rendered_from_cache';
/** Outcome of an attempt whose files were found although the server had forgotten the prompt; nobody measured it. */
export const foundOutcome = 'rendered_and_found';
/** Outcome of an attempt whose server did not answer for a good part of it: asleep, stopped, or cut off. */
export const unansweredOutcome = 'rendered_unanswered';
const unmeasured: readonly unknown[] = [cachedOutcome, foundOutcome, unansweredOutcome];
/** One answer from a cache among the measurements, and a card would seem to take no time at all. */
export const isMeasured = ({ outcome }: Attempt): boolean => !unmeasured.includes(outcome);
/** Outcome of an attempt that was running when its server's process ended. */
const processGone = 'process_gone';
/**
 * Times that a task may see a card's process end under it: then another card takes it, and without one it is given up
 * at the second number.
 */
const poisonJob = { elsewhereAfter: 2, giveUpAfter: 3 };

/** Times that a claim is made anew because its job changed meanwhile: other cards take other tasks of it. */
const claimTries = 16;

/** How an attempt ends that made nothing; `began` as far as is known. */
interface AttemptEnd {
  state: 'failed' | 'lost';
  outcome: string;
  error?: JobError | null;
  began?: boolean;
}

export interface Dispatch {
  attempt: Attempt;
  job: Job;
  graph: PromptGraph;
}

/**
 * What befalls attempts on their cards: under the leader's fence, with the job locked, announced in the same
 * transaction.
 */
@Injectable()
export class AttemptsService {
  private ahead = new Map<string, FirstTask>();

  constructor(
    private readonly db: DataSource,
    private readonly store: JobStore,
    private readonly workflows: Catalogue,
    private readonly recovery: RecoveryService,
    private readonly cardHealth: CardHealthService,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Reads what stands first in line, for the claims of this look: beside what the choice is made from, because a card
   * waits for both, and it mostly falls on these.
   */
  async readAhead(count: number): Promise<void> {
    this.ahead = new Map((await firstTasks(this.db.manager, count)).map((first) => [first.task.id, first]));
  }

  /**
   * Books a card for a waiting task. Undefined when the task is no longer waiting, changes all the time, or needs the
   * card idle that is busy. The unique index makes a second booking of the card's slot fail.
   */
  async claim(
    fence: string,
    taskId: string,
    jobId: string,
    gpu: BookedCard,
    estimatedSeconds: number | null,
  ): Promise<Dispatch | undefined> {
    for (let tries = 0; tries < claimTries; tries++) {
      const { job, task } = this.takeAhead(taskId) ?? (await this.read(taskId, jobId));
      if (task.state !== 'queued' || task.paused) return undefined;
      const attempt = newAttempt(task, gpu, { fence, estimatedSeconds, at: this.clock.now() });
      // What the card works on needs its models.
      if (gpu.isBusy && attempt.recovery?.step === 'free_models') return undefined;
      const { graph, params } = graphOfAttempt(this.workflows.get(job.workflow), job, task, attempt, gpu);
      const booking = { job, task, attempt, params: { ...params, graph } };
      const facts = { ...factsOf(attempt), promptId: attempt.promptId, seed: attempt.seed, estimatedSeconds };
      if (await this.store.book(this.db, fence, booking, facts)) return { attempt, job, graph };
    }
    return undefined;
  }

  /** Once: whoever gets it changes it. */
  private takeAhead(taskId: string): FirstTask | undefined {
    const first = this.ahead.get(taskId);
    this.ahead.delete(taskId);
    return first;
  }

  private async read(taskId: string, jobId: string): Promise<FirstTask> {
    const { manager } = this.db;
    const [job, task] = await Promise.all([
      manager.findOneBy(Job, { id: jobId }),
      manager.findOneByOrFail(Task, { id: taskId }),
    ]);
    if (job === null) throw notFound('job', jobId);
    return { job, task };
  }

  /** The server has the prompt. */
  async running(fence: string, attemptId: string): Promise<void> {
    await underFence(this.db, fence, async (tx) => {
      await moveAttempt(tx, attemptId, { to: 'running' }, { startedAt: this.clock.now() });
    });
  }

  /**
   * The server is done; from here on the card is free and the files are fetched. `seconds` is the server's own
   * measurement, if it gave one.
   */
  async rendered(
    fence: string,
    attempt: Attempt,
    outputs: FileRef[],
    measured: {
      seconds: number | undefined;
      outcome: 'rendered' | typeof cachedOutcome | typeof foundOutcome | typeof unansweredOutcome;
      /** What these went into, as far as it was heard. */
      parts?: AttemptTimings | null;
    },
  ): Promise<void> {
    const now = this.clock.now();
    // The clock may have been set back since.
    const beganAt = attempt.progress?.beganAt === undefined ? attempt.dispatchedAt : new Date(attempt.progress.beganAt);
    const seconds = measured.seconds ?? Math.max(0, (now.getTime() - beganAt.getTime()) / 1000);
    await underFence(this.db, fence, async (tx) => {
      const timings = measured.parts ?? null;
      const ending = { endedAt: now, seconds, timings, outputs, outcome: measured.outcome };
      const moved = await moveAttempt(tx, attempt.id, { to: 'collecting' }, ending);
      // A server that forgot the prompt was restarted, and holds nothing.
      if (moved) await noteResident(tx, attempt.gpu, measured.outcome === foundOutcome ? [] : attempt.models);
      if (!moved || measured.outcome !== 'rendered') return;
      await this.recovery.learnSuccess(tx, await tx.findOneByOrFail(Job, { id: attempt.jobId }), attempt);
    });
    this.cardHealth.success(attempt.gpu);
  }

  /** The attempt failed; the recovery ladder says whether and how its task goes on. */
  async fail(fence: string, attempt: Attempt, failure: Failure): Promise<void> {
    const ending = { state: 'failed', outcome: failure.kind, error: failure.error } as const;
    await this.end(fence, attempt, ending, async (tx, job, task) => {
      const next = await this.recovery.after(tx, job, task, attempt, failure);
      await this.store.moveTask(tx, task, next.to, next.changes);
      await this.store.record(tx, job, attemptFailed, {
        ...factsOf(attempt),
        error: next.error,
        willRetry: next.to === 'queued',
      });
    });
    this.cardHealth.fault(attempt.gpu, {
      kind: failure.kind,
      reason: failure.error.message,
      promptId: attempt.promptId,
      disobeyed: failure.disobeyed ?? false,
      unheard: failure.unheard ?? false,
    });
  }

  /**
   * The prompt vanished through no fault of the request: a restart, a cleared queue, a refused connection. `gone`: its
   * process ended while it ran.
   */
  async lose(fence: string, attempt: Attempt, reason: string, gone = false): Promise<void> {
    const deaths = gone
      ? 1 +
        (await this.db.manager.countBy(Attempt, {
          taskId: attempt.taskId,
          gpu: attempt.gpu,
          state: 'lost',
          outcome: Like(`${processGone}%`),
        }))
      : 0;
    if (
      deaths >= poisonJob.elsewhereAfter &&
      ((await this.recovery.couldGoElsewhere(attempt)) || deaths >= poisonJob.giveUpAfter)
    ) {
      const error = {
        code: 'comfyui_poison_job',
        message: `ComfyUI on ${attempt.gpu} ended ${deaths} times while it ran this: ${reason}`,
        hint:
          'The log of that ComfyUI may say why: a driver fault, or no memory left on ' +
          'its machine. Another size or model may help.',
      };
      await this.fail(fence, attempt, { kind: 'poison_job', error });
    } else {
      const outcome = gone ? `${processGone}: ${reason}` : reason;
      await this.end(fence, attempt, { state: 'lost', outcome }, async (tx, job, task) => {
        const losses = task.losses + 1;
        const notBefore = await heldFor(tx, pauseAfterLossMs(losses));
        if (losses < maxLosses) await this.store.moveTask(tx, task, 'queued', { losses, notBefore });
        else
          await this.store.moveTask(tx, task, 'failed', {
            losses,
            error: {
              code: 'attempt_lost_repeatedly',
              message: `the prompt was lost ${losses} times, last on ${attempt.gpu}: ${reason}`,
              hint: 'A ComfyUI server keeps restarting or its queue is being cleared; its log says why.',
            },
          });
        await this.store.record(tx, job, attemptLost, { ...factsOf(attempt), reason });
      });
    }
    if (gone)
      this.cardHealth.fault(attempt.gpu, {
        kind: 'process_gone',
        reason,
        promptId: attempt.promptId,
        disobeyed: false,
      });
  }

  /**
   * Its card is not there to be asked any more, which an operator did; or it never began there, and left the card as
   * it was. It counts neither as a loss of the task nor against the card.
   */
  displace(fence: string, attempt: Attempt, reason: string, began = true): Promise<void> {
    return this.end(fence, attempt, { state: 'lost', outcome: reason, began }, async (tx, job, task) => {
      await this.store.moveTask(tx, task, 'queued', { notBefore: null });
      await this.store.record(tx, job, attemptLost, { ...factsOf(attempt), reason });
    });
  }

  /**
   * Cards have other names now; their attempts go on under these. Fails with a unique violation when a card would have
   * two live ones.
   */
  async rename(fence: string, attempts: readonly { id: string; gpu: string }[]): Promise<void> {
    await underFence(this.db, fence, async (tx) => {
      await moveToCards(tx, attempts);
    });
  }

  /** Whether another card could run what this attempt ran. */
  couldGoElsewhere(attempt: Attempt): Promise<boolean> {
    return this.recovery.couldGoElsewhere(attempt);
  }

  /** A task that waits for something that will not come. */
  failWaiting(fence: string, task: Pick<Task, 'id' | 'jobId'>, error: JobError): Promise<void> {
    return underFence(this.db, fence, async (tx) => {
      const job = await this.store.lock(tx, task.jobId);
      const now = await tx.findOneByOrFail(Task, { id: task.id });
      if (now.state !== 'queued') return;
      await this.store.moveTask(tx, now, 'failed', { error, wantsModel: null });
      await this.store.settle(tx, job, { reason: error.message });
    });
  }

  /** The graph as it is sent differs from the claimed one, because the server named an input picture otherwise. */
  async regraphed(fence: string, attemptId: string, graph: PromptGraph): Promise<void> {
    await underFence(this.db, fence, async (tx) => {
      await tx.update(GenerationParams, { attemptId }, { graph: graph as object, graphSha256: graphSha256(graph) });
    });
  }

  /** The server answered another id than the one that was asked for; everything else goes by that one. */
  async renamed(fence: string, attempt: Attempt, promptId: string): Promise<void> {
    await underFence(this.db, fence, async (tx) => {
      await notePromptId(tx, attempt.id, promptId);
    });
    attempt.promptId = promptId;
  }

  private end(
    fence: string,
    attempt: Attempt,
    { state, outcome, error = null, began = true }: AttemptEnd,
    then: (tx: EntityManager, job: Job, task: Task) => Promise<void>,
  ): Promise<void> {
    return underFence(this.db, fence, async (tx) => {
      const job = await this.store.lock(tx, attempt.jobId);
      const ending = {
        endedAt: this.clock.now(),
        outcome: outcome.slice(0, 300),
        error: error && boundedError(error),
      };
      // Cancelled in the meantime: nothing of it matters any more.
      if (!(await moveAttempt(tx, attempt.id, { to: state }, ending))) return;
      // Whatever it was loading may be half there.
      if (began) await noteResident(tx, attempt.gpu, []);
      const task = await tx.findOneByOrFail(Task, { id: attempt.taskId });
      await then(tx, job, task);
      await this.store.settle(tx, job, { reason: outcome });
    });
  }
}

const factsOf = (attempt: Attempt) => ({
  taskId: attempt.taskId,
  attemptId: attempt.id,
  attempt: attempt.n,
  gpu: attempt.gpu,
});
