import { setTimeout as sleep } from 'node:timers/promises';
import type { GpuConfig, GpuState } from '@tower/contracts';
import { describeError, type Clock, type Logger } from '@tower/kit';
import { ComfyClient, type PostOutcome } from '../comfyui/comfy-client';
import type { QueueBody } from '../comfyui/comfy-messages';
import { ComfySocket, type ComfyHint } from '../comfyui/comfy-socket';
import type { WorkflowGraph } from '../workflows/workflow-file';
import type { GpuInventory } from './gpu.entity';

/** What the last look at the server showed. */
export interface GpuSight {
  state: GpuState;
  detail: string;
  inventory: GpuInventory | null;
  queue: QueueBody | null;
  foreignPrompts: number;
  /** Monotonic milliseconds of the last answer. */
  answeredAtMs: number | null;
  seenAt: Date | null;
}

export interface GpuDriverEvents {
  /** After every look at the server, reachable or not. */
  looked(driver: GpuDriver): Promise<void>;
  hint(driver: GpuDriver, hint: ComfyHint): void;
}

/** Milliseconds. */
const lookEveryMs = 1_000;
const lookEveryDownMs = 2_000;
const inventoryEveryMs = 60_000;
const statsEveryMs = 15_000;
/** Somebody who was told to put a checkpoint into the folder does so and tries again. */
const statsEveryEmptyMs = 3_000;

/** Hints after which the server's lists have changed. */
const wakingHints = new Set(['status', 'execution_success', 'execution_error', 'execution_interrupted']);

/** Follows one ComfyUI server: looks at its queue every second and at once when a hint says so. Decides nothing. */
export class GpuDriver {
  readonly client: ComfyClient;
  private readonly socket: ComfySocket;
  private readonly stopping = new AbortController();
  private woken = new AbortController();
  private loop: Promise<void> | undefined;
  private inventoryAtMs = -Infinity;
  private statsAtMs = -Infinity;
  private startedAtMs = 0;
  sight: GpuSight = { state: 'unknown', detail: 'not asked yet', inventory: null, queue: null, foreignPrompts: 0, answeredAtMs: null, seenAt: null };

  constructor(
    readonly config: GpuConfig,
    private readonly events: GpuDriverEvents,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    this.client = new ComfyClient(config.name, config.url);
    this.socket = new ComfySocket(config.url, (hint) => this.heard(hint), logger);
  }

  get name(): string {
    return this.config.name;
  }

  start(): void {
    this.startedAtMs = this.clock.monotonicMs();
    this.socket.start();
    this.loop = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await this.socket.stop();
    await this.loop;
  }

  wake(): void {
    this.woken.abort();
  }

  /** Milliseconds since the server last answered, or since we began to ask. */
  silentMs(): number {
    return this.clock.monotonicMs() - (this.sight.answeredAtMs ?? this.startedAtMs);
  }

  /** Progress is heard of the running prompt of ours, though it may have been sent before a reconnect or by a process that is gone. */
  follow(clientId: string | undefined): void {
    this.socket.follow(clientId);
  }

  post(graph: WorkflowGraph, promptId: string, extra: Record<string, unknown>): Promise<PostOutcome> {
    return this.client.post(graph, promptId, this.socket.clientId(), extra);
  }

  private heard(hint: ComfyHint): void {
    if (wakingHints.has(hint.type) || (hint.type === 'executing' && hint.data['node'] === null)) this.wake();
    this.events.hint(this, hint);
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      this.woken = new AbortController();
      await this.look();
      try {
        await this.events.looked(this);
      } catch (error) {
        this.logger.warn({ gpu: this.name }, `acting on what ${this.name} said: ${describeError(error)}`);
      }
      const waitMs = this.sight.state === 'down' ? lookEveryDownMs : lookEveryMs;
      await sleep(waitMs, undefined, { signal: this.woken.signal }).catch(() => undefined);
    }
  }

  private async look(): Promise<void> {
    try {
      const queue = await this.client.queue();
      const now = this.clock.monotonicMs();
      const wasDown = this.sight.state === 'down' || this.sight.inventory === null;
      if (wasDown) this.socket.hurry();
      // A server that was away may have restarted with other models, nodes or a new version.
      if (wasDown || now - this.inventoryAtMs > inventoryEveryMs) {
        this.sight = { ...this.sight, inventory: await this.client.inventory() };
        this.inventoryAtMs = now;
        this.statsAtMs = now;
      } else if (this.sight.inventory && now - this.statsAtMs > (this.sight.inventory.checkpoints.length === 0 ? statsEveryEmptyMs : statsEveryMs)) {
        this.sight = { ...this.sight, inventory: { ...this.sight.inventory, ...(await this.client.stats()), checkpoints: await this.client.checkpoints() } };
        this.statsAtMs = now;
      }
      if (this.sight.state === 'down') this.logger.info({ gpu: this.name }, `${this.name} is back`);
      this.sight = { ...this.sight, queue, state: this.sight.state === 'down' || this.sight.state === 'unknown' ? 'idle' : this.sight.state, answeredAtMs: this.clock.monotonicMs(), seenAt: this.clock.now() };
    } catch (error) {
      const detail = describeError(error);
      if (this.sight.state !== 'down') this.logger.warn({ gpu: this.name }, `${this.name} is down: ${detail}`);
      this.sight = { ...this.sight, state: 'down', detail, queue: null };
    }
  }
}
