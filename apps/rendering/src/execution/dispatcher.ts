import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { PostOutcome, Failure, PromptGraph } from '@tower/comfyui';
import { AppError, describeError, LOGGER, type Logger } from '@tower/kit';
import { DiskWatch, isOwnFault } from '@tower/library';
import { AttemptsService, type Dispatch } from '../attempts/attempts.service';
import type { CardDriver } from '../cards/card-driver';
import { RenderingMetrics } from '../rendering.metrics';
import { ProgressPublisher } from '../views/progress-publisher';
import { InputUploads } from './input-uploads';
import { InterruptedPrompts } from './interrupted-prompts';
import { LivePrompts } from './live-prompts';

type Refused = Extract<PostOutcome, { outcome: 'refused' }>;

/** Milliseconds that unloading models may take before the prompt is sent all the same. */
const freeingMs = 10_000;
const freeingPollMs = 250;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Sends a claimed task's prompt to its card, with what it needs there. */
@Injectable()
export class Dispatcher {
  constructor(
    private readonly attempts: AttemptsService,
    private readonly pictures: InputUploads,
    private readonly disks: DiskWatch,
    private readonly prompts: LivePrompts,
    private readonly interrupted: InterruptedPrompts,
    private readonly progress: ProgressPublisher,
    private readonly metrics: RenderingMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Only a certain refusal ends the attempt here; an unclear answer is left to the next looks. */
  async send(fence: string, driver: CardDriver, dispatch: Dispatch): Promise<void> {
    const { attempt, job } = dispatch;
    // Registered before posting: a quick prompt's events can arrive before the answer to the POST.
    const entry = this.prompts.register(driver, attempt, job, dispatch.graph);
    entry.posting = true;
    driver.mark({ state: 'busy', detail: `renders job ${job.id}` });
    this.progress.publish(job.id);
    try {
      if (attempt.recovery?.step === 'free_models') await this.freeModels(driver);
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
    const result = await this.postOnce(driver, dispatch);
    this.metrics.posted.inc({ gpu: driver.name, outcome: result.outcome });
    switch (result.outcome) {
      case 'accepted':
        if (result.promptId !== attempt.promptId && !(await this.rename(fence, driver, dispatch, result.promptId)))
          return null;
        await this.attempts.running(fence, attempt.id);
        return null;
      case 'refused':
        await this.stopAccepted(driver, attempt.promptId, result.promptId);
        // Files went away since they were read: until they are read again, the card would be chosen for the same.
        if (result.model) driver.readFiles();
        await this.attempts.fail(fence, attempt, toFailure(driver.name, result));
        this.prompts.forget(attempt.promptId);
        this.progress.publish(attempt.jobId);
        return null;
      case 'unreachable':
        await this.attempts.lose(fence, attempt, `${driver.name} refused the connection: ${result.message}`);
        this.prompts.forget(attempt.promptId);
        return null;
      case 'unknown':
        this.logger.warn(
          { gpu: driver.name, promptId: attempt.promptId },
          `it is unclear whether the prompt arrived: ${result.message}`,
        );
        return result.answer ?? null;
    }
  }

  /**
   * A refused graph of which a part runs all the same. What certainly is not there is not interrupted: it could hit
   * another prompt.
   */
  private async stopAccepted(driver: CardDriver, asked: string, accepted: string | null): Promise<void> {
    if (accepted === null) return;
    for (const promptId of new Set([asked, accepted]))
      if (promptId !== '') await this.interrupted.stop(driver, promptId);
  }

  /**
   * A server that lacks an input picture which it had taken lost its folder; it gets it again, and the prompt, which it
   * never queued.
   */
  private async postOnce(driver: CardDriver, { attempt, job, graph }: Dispatch): Promise<PostOutcome> {
    const extra = { attempt: attempt.id, job: job.id };
    const result = await driver.post(graph, attempt.promptId, extra);
    const lost =
      result.outcome === 'refused' &&
      Object.keys(job.images).length > 0 &&
      result.faults.some(
        (fault) => fault.type === 'custom_validation_failed' && /Invalid (image|video|audio) file/i.test(fault.details),
      );
    if (!lost) return result;
    this.pictures.resetUploads(driver.name);
    return driver.post(await this.pictures.bring(driver, job.images, graph), attempt.promptId, extra);
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
      if (isOwnFault(error)) this.disks.failed('library', error);
      const notItsFault =
        error.code === 'comfyui_unreachable' || error.code === 'comfyui_redirects' || isOwnFault(error);
      if (notItsFault) await this.attempts.lose(fence, attempt, error.message);
      else await this.attempts.fail(fence, attempt, unsentPicture(error));
      this.prompts.forget(attempt.promptId);
      this.progress.publish(attempt.jobId);
      return undefined;
    }
  }

  /** Some servers give a prompt an id of their own. One that is no UUID cannot be followed. */
  private async rename(
    fence: string,
    driver: CardDriver,
    { attempt, job, graph }: Dispatch,
    promptId: string,
  ): Promise<boolean> {
    this.prompts.forget(attempt.promptId);
    if (!uuid.test(promptId)) {
      if (promptId !== '') await this.interrupted.stop(driver, promptId);
      await this.attempts.fail(fence, attempt, {
        kind: 'invalid',
        error: {
          code: 'comfyui_prompt_id_unusable',
          message: `${driver.name} answered the prompt id ${promptId.slice(0, 60)}, which is none`,
          hint: 'Update this ComfyUI.',
        },
      });
      return false;
    }
    await this.attempts.renamed(fence, attempt, promptId);
    this.prompts.register(driver, attempt, job, graph).posting = false;
    return true;
  }

  /** Nothing tells when the models are unloaded; the free memory stops growing then. */
  private async freeModels(driver: CardDriver): Promise<void> {
    try {
      await driver.client.free();
      const until = performance.now() + freeingMs;
      for (let before = -1; performance.now() < until;) {
        await sleep(freeingPollMs);
        const free = (await driver.client.inventory.stats()).vramFreeMb ?? 0;
        if (free <= before) return;
        before = free;
      }
    } catch (error) {
      // It is only asked to make room; the prompt itself shows whether there is any.
      this.logger.info({ gpu: driver.name }, `unloading the models of ${driver.name}: ${describeError(error)}`);
    }
  }
}

/** A picture that is gone from the library is nothing that a card could do about. */
function unsentPicture({ kind, code, message }: AppError): Failure {
  const putBack = 'Put the picture back where it was, or ask again with another one.';
  if (code.startsWith('library_')) return { kind: 'invalid', error: { code, message, hint: putBack } };
  if (kind === 'invalid')
    return {
      kind: 'invalid',
      error: { code, message, hint: 'Ask with a smaller picture, or raise --max-upload-size of this ComfyUI.' },
    };
  const isFull = code === 'comfyui_disk_full';
  const hint = isFull ? 'Free space on the disk of this ComfyUI.' : 'The log of this ComfyUI may say more.';
  return { kind: isFull ? 'disk_full' : 'network', error: { code, message, hint } };
}

const toFailure = (gpu: string, { kind, code, message, model }: Refused): Failure => ({
  kind,
  error: {
    code,
    message: `${gpu} refused the graph: ${message}`,
    hint:
      code === 'comfyui_refused_413'
        ? 'Raise --max-upload-size of this ComfyUI, or the limit of the proxy before it.'
        : kind === 'missing_node'
          ? `Install the node pack that brings it on ${gpu}, and restart its ComfyUI.`
          : 'The workflow or one of its values does not fit this server; /status shows what each card has.',
  },
  ...(model ? { model, unlisted: true } : {}),
});
