import { Inject, Injectable } from '@nestjs/common';
import type { PromptGraph } from '@tower/comfyui';
import { AppError, LOGGER, type Logger } from '@tower/kit';
import { isOwnFault } from '@tower/library';
import { AttemptsService, type Dispatch } from '../attempts/attempts.service';
import type { CardDriver } from '../cards/card-driver';
import type { Attempt } from '../jobs/attempt.entity';
import { ProgressPublisher } from '../views/progress-publisher';
import { freeModels } from './free-models';
import { InputUploads } from './input-uploads';
import { LivePrompts } from './live-prompts';
import { isFollowable, PromptPost } from './prompt-post';
import { refusal, unsentPicture, unusableId } from './send-failures';

/** Sends a claimed task's prompt to its card, with what it needs there. */
@Injectable()
export class Dispatcher {
  constructor(
    private readonly attempts: AttemptsService,
    private readonly pictures: InputUploads,
    private readonly prompts: LivePrompts,
    private readonly poster: PromptPost,
    private readonly progress: ProgressPublisher,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Only a certain refusal ends the attempt here; an unclear answer is left to the next looks. */
  async send(fence: string, driver: CardDriver, dispatch: Dispatch): Promise<void> {
    const { attempt, job } = dispatch;
    // Registered before posting: a quick prompt's events can arrive before the answer to the POST.
    const entry = this.prompts.register(driver, attempt, job, dispatch.graph);
    entry.posting = true;
    if (!attempt.prefetched) driver.mark({ state: 'busy', detail: `renders job ${job.id}` });
    this.progress.publish(job.id);
    try {
      if (attempt.recovery?.step === 'free_models') await freeModels(driver, this.logger);
      const graph = await this.withPictures(fence, driver, dispatch);
      if (graph === undefined) return;
      entry.graph = graph;
      entry.notTaken = await this.post(fence, driver, { ...dispatch, graph });
    } finally {
      entry.posting = false;
    }
  }

  /** Resolves to what the server said when its answer proved nothing, else to null. */
  private async post(fence: string, driver: CardDriver, dispatch: Dispatch): Promise<string | null> {
    const { attempt } = dispatch;
    const result = await this.poster.post(driver, dispatch);
    switch (result.outcome) {
      case 'accepted':
        if (result.promptId !== attempt.promptId && !(await this.rename(fence, driver, dispatch, result.promptId)))
          return null;
        await this.attempts.running(fence, attempt.id);
        return null;
      case 'refused':
        // Files went away since they were read: until they are read again, the card would be chosen for the same.
        if (result.model) driver.readFiles();
        await this.attempts.fail(fence, attempt, refusal(driver.name, result));
        this.prompts.release(attempt.promptId);
        this.progress.publish(attempt.jobId);
        return null;
      case 'unreachable':
        await this.unreached(fence, attempt, `${driver.name} refused the connection: ${result.message}`);
        this.prompts.release(attempt.promptId);
        return null;
      case 'unknown': {
        const facts = { gpu: driver.name, promptId: attempt.promptId };
        this.logger.warn(facts, `it is unclear whether the prompt arrived: ${result.message}`);
        return result.answer ?? null;
      }
    }
  }

  private async withPictures(
    fence: string,
    driver: CardDriver,
    { attempt, job, graph }: Dispatch,
  ): Promise<PromptGraph | undefined> {
    if (Object.keys(job.images).length === 0) return graph;
    try {
      const named = await this.pictures.bring(driver, job.images, graph);
      if (named !== graph) await this.attempts.regraphed(fence, attempt.id, named);
      return named;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const notItsFault =
        error.code === 'comfyui_unreachable' || error.code === 'comfyui_redirects' || isOwnFault(error);
      if (notItsFault) await this.unreached(fence, attempt, error.message);
      else await this.attempts.fail(fence, attempt, unsentPicture(error));
      this.prompts.release(attempt.promptId);
      this.progress.publish(attempt.jobId);
      return undefined;
    }
  }

  /** It never came to its card. Behind another attempt that says nothing of its task. */
  private unreached(fence: string, attempt: Attempt, reason: string): Promise<void> {
    return attempt.prefetched
      ? this.attempts.displace(fence, attempt, reason, false)
      : this.attempts.lose(fence, attempt, reason);
  }

  /** Some servers give a prompt an id of their own. False when it cannot be followed under that. */
  private async rename(
    fence: string,
    driver: CardDriver,
    { attempt, job, graph }: Dispatch,
    promptId: string,
  ): Promise<boolean> {
    this.prompts.release(attempt.promptId);
    if (!isFollowable(promptId)) {
      await this.attempts.fail(fence, attempt, unusableId(driver.name, promptId));
      return false;
    }
    await this.attempts.renamed(fence, attempt, promptId);
    this.prompts.register(driver, attempt, job, graph).posting = false;
    return true;
  }
}
