import { Inject, Injectable } from '@nestjs/common';
import { fileRef, type QueueBody, type PromptGraph } from '@tower/comfyui';
import { CLOCK, type Clock } from '@tower/kit';
import { DataSource, IsNull, Not } from 'typeorm';
import { v4 } from 'uuid';
import type { CardDriver } from '../card-driver';
import { Gpu } from '../card.entity';

/** Milliseconds; a prompt without a model takes well under a second. */
const probeLimitMs = 60_000;

/** A prompt that needs no model and no memory, but the worker, the disk and `/view`. */
export const probeGraph = (id: string): PromptGraph => ({
  '1': { class_type: 'EmptyImage', inputs: { width: 64, height: 64, batch_size: 1, color: 0 } },
  '2': { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: `tower/probe/${id}` } },
});

/** Light prompts that show whether a card which failed too often works again. One at a time per card. */
@Injectable()
export class ProbePrompts {
  private readonly sent = new Map<string, { gpu: string; atMs: number }>();

  constructor(
    private readonly db: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  clear(): void {
    this.sent.clear();
  }

  has(promptId: string): boolean {
    return this.sent.has(promptId);
  }

  /** Sends a probe, or looks at the one that was sent. A drained card is sent none until it is resumed. */
  async look(driver: CardDriver, queue: QueueBody): Promise<'waiting' | 'passed' | 'failed'> {
    const [promptId, probe] = [...this.sent].find(([, { gpu }]) => gpu === driver.name) ?? [];
    if (promptId === undefined || probe === undefined)
      return (await this.isDrained(driver.name)) ? 'waiting' : this.send(driver);
    if (this.clock.monotonicMs() - probe.atMs > probeLimitMs) {
      if (await driver.removePending(promptId)) await driver.stopPrompt(promptId);
      return this.settle(promptId, false);
    }
    if ([...queue.queue_running, ...queue.queue_pending].some((item) => item[1] === promptId)) return 'waiting';
    const history = await driver.client.history(promptId);
    // Neither here nor there once: it may have ended between the two questions; the next look knows.
    if (history === undefined) return 'waiting';
    const images = history.outputs['2']?.['images'];
    const file = fileRef.safeParse(Array.isArray(images) ? images[0] : undefined);
    const passed = history.status?.status_str === 'success' && file.success && (await driver.client.has(file.data));
    await driver.client.deleteHistory(promptId);
    return this.settle(promptId, passed);
  }

  /** Whoever is asked to drain a card writes it there; the leader reads it before it sends anything. */
  private isDrained(name: string): Promise<boolean> {
    return this.db.manager.existsBy(Gpu, { name, drained: Not(IsNull()) });
  }

  private async send(driver: CardDriver): Promise<'waiting' | 'failed'> {
    const id = v4();
    const graph = probeGraph(id);
    const lacks = Object.values(graph).some((node) => !driver.snapshot.inventory?.nodes.includes(node.class_type));
    if (lacks) return 'failed';
    this.sent.set(id, { gpu: driver.name, atMs: this.clock.monotonicMs() });
    const posted = await driver.post(graph, id, { probe: true });
    if (posted.outcome === 'accepted' || posted.outcome === 'unknown') return 'waiting';
    this.sent.delete(id);
    return 'failed';
  }

  private settle(promptId: string, passed: boolean): 'passed' | 'failed' {
    this.sent.delete(promptId);
    return passed ? 'passed' : 'failed';
  }
}
