import { Inject, Injectable } from '@nestjs/common';
import type { QueueBody } from '@tower/comfyui';
import { CLOCK, describeError, LOGGER, type Clock, type Logger } from '@tower/kit';
import { RenderingMetrics } from '../../rendering.metrics';
import type { CardDriver } from '../card-driver';
import type { Gpu } from '../card.entity';
import { WATCH_THRESHOLDS, type WatchThresholds } from '../watch-thresholds';
import {
  afterFailedProbe,
  afterFault,
  healthy,
  isProbeDue,
  sentenceOf,
  type CardFault,
  type CardHealth,
} from './health-policy';
import { ProbePrompts } from './probe-prompts';
import { Restarter } from './restarter';

/**
 * Decides which cards are well enough to be given work: takes broken ones out of service, tries them again, has them
 * restarted.
 */
@Injectable()
export class CardHealthService {
  private readonly healths = new Map<string, CardHealth>();
  /** Restarts that were seen of each card when its trouble began. */
  private readonly restartsBefore = new Map<string, number>();

  constructor(
    private readonly restarter: Restarter,
    private readonly probes: ProbePrompts,
    private readonly metrics: RenderingMetrics,
    @Inject(WATCH_THRESHOLDS) private readonly limits: WatchThresholds,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** What an earlier leader knew. */
  load(gpus: readonly Pick<Gpu, 'name' | 'health'>[]): void {
    this.healths.clear();
    this.restartsBefore.clear();
    this.probes.clear();
    for (const { name, health } of gpus) this.healths.set(name, health);
  }

  healthOf(gpu: string): CardHealth {
    return this.healths.get(gpu) ?? healthy;
  }

  /** Why the card takes no work, for a person; null when it does. */
  troubleOf(gpu: string): string | null {
    const { trouble } = this.healthOf(gpu);
    return trouble === null ? null : sentenceOf(trouble);
  }

  isProbe(promptId: string): boolean {
    return this.probes.has(promptId);
  }

  /** The prompt that shows whether the server is still the broken one; it is left where it is. */
  isEvidence(gpu: string, promptId: string): boolean {
    return this.healthOf(gpu).trouble?.evidence?.promptId === promptId;
  }

  fault(gpu: string, fault: CardFault): void {
    const before = this.healthOf(gpu);
    const after = afterFault(before, fault, this.clock.now(), this.limits.quarantineMs.first);
    this.healths.set(gpu, after);
    if (after.trouble === null || before.trouble !== null) return;
    this.metrics.quarantines.inc({ gpu, kind: after.trouble.kind });
    this.logger.warn({ gpu }, sentenceOf(after.trouble));
  }

  /** A prompt of ours succeeded there. */
  success(gpu: string): void {
    const health = this.healthOf(gpu);
    if (health.trouble?.kind !== 'needs_restart') this.heal(gpu, health, 'it rendered again');
  }

  /**
   * One look's consequences for the card's health. `foreignRunning`: a prompt of another program runs there, as far as
   * is known.
   */
  async review(fence: string, driver: CardDriver, queue: QueueBody | null, foreignRunning: boolean): Promise<void> {
    const health = this.healthOf(driver.name);
    const { trouble } = health;
    if (trouble === null) return;
    if (await this.wasRestarted(driver, queue, health))
      return this.heal(
        driver.name,
        health,
        trouble.unheard === true ? 'the prompt that did not end is gone' : 'it was restarted',
      );
    if (trouble.kind === 'needs_restart') {
      if (trouble.restarted || trouble.unheard === true || foreignRunning) return;
      if (await this.restarter.restart(fence, driver.config, trouble.reason))
        this.healths.set(driver.name, { ...health, trouble: { ...trouble, restarted: true } });
      return;
    }
    if (queue === null || !isProbeDue(health, this.clock.now())) return;
    await this.probe(driver, queue, health);
  }

  /** While the prompt that broke it is still where it was, the server is the broken one; no answer proves nothing. */
  private async wasRestarted(driver: CardDriver, queue: QueueBody | null, { trouble }: CardHealth): Promise<boolean> {
    const before = this.restartsBefore.get(driver.name) ?? driver.restarts.restarts;
    this.restartsBefore.set(driver.name, before);
    if (queue === null) return false;
    if (driver.restarts.restarts > before) return true;
    const evidence = trouble?.evidence;
    if (!evidence) return false;
    const listed = [...queue.queue_running, ...queue.queue_pending].some((item) => item[1] === evidence.promptId);
    return evidence.place === 'queue'
      ? !listed
      : !listed && (await driver.client.history(evidence.promptId)) === undefined;
  }

  private async probe(driver: CardDriver, queue: QueueBody, health: CardHealth): Promise<void> {
    const others = [...queue.queue_running, ...queue.queue_pending].some((item) => !this.probes.has(item[1]));
    if (others) return;
    try {
      const result = await this.probes.look(driver, queue);
      if (result === 'passed') this.heal(driver.name, health, 'a light prompt went through');
      if (result === 'failed')
        this.healths.set(driver.name, afterFailedProbe(health, this.clock.now(), this.limits.quarantineMs.last));
    } catch (error) {
      this.logger.debug({ gpu: driver.name }, `trying ${driver.name} with a light prompt: ${describeError(error)}`);
      this.healths.set(driver.name, afterFailedProbe(health, this.clock.now(), this.limits.quarantineMs.last));
    }
  }

  private heal(gpu: string, before: CardHealth, why: string): void {
    this.restartsBefore.delete(gpu);
    if (before === healthy) return;
    this.healths.set(gpu, healthy);
    if (before.trouble !== null) this.logger.info({ gpu }, `${gpu} is in service again: ${why}`);
  }
}
