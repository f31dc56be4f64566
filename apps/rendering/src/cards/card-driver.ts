import { setTimeout as sleep } from 'node:timers/promises';
import {
  deviceModel,
  socketWarning,
  ComfyClient,
  silenceOf,
  ComfySocket,
  type ConfiguredGpu,
  type PostOutcome,
  type PreviewFrame,
  type ComfyEvent,
  type PromptGraph,
} from '@tower/comfyui';
import { AppError, describeError, Loop, type Clock, type Logger } from '@tower/kit';
import { nothingSeen, type CardSnapshot, type CardStanding } from './card-snapshot';
import type { GpuInventory } from './card.entity';
import { RestartDetector } from './restart-detector';
import { ServerMonitor, type ServerRules } from './server-monitor';

interface CardDriverEvents {
  /** After every look at the server, reachable or not. */
  observed(driver: CardDriver): Promise<void>;
  event(driver: CardDriver, event: ComfyEvent): void;
  preview(driver: CardDriver, frame: PreviewFrame): void;
  /** The socket was connected but heard nothing. */
  deaf(driver: CardDriver): void;
  /** Why it takes no work although it answers, as far as other cards have to do with it; null where they have not. */
  sameAsAnother(driver: CardDriver): string | null;
}

/** Milliseconds. */
const lookEveryMs = 1_000;
const lookEveryDownMs = 2_000;
const locateMs = 1_000;
/**
 * Looks that fail in a row before a card that works for us counts as down: its event loop stands still now and then.
 */
const failuresUntilDown = 3;

/** Hints after which the server's lists have changed. */
const wakingEvents = new Set(['status', 'execution_success', 'execution_error', 'execution_interrupted']);

/** Follows one ComfyUI server: looks at its queue every second and at once when an event says so. Decides nothing. */
export class CardDriver {
  readonly client: ComfyClient;
  private readonly socket: ComfySocket;
  private readonly loop = new Loop();
  private startedAtMs = 0;
  private failures = 0;
  /** Monotonic milliseconds since which the server answers; undefined while it does not. */
  private answersSinceMs: number | undefined;
  readonly server: ServerMonitor;
  readonly restarts = new RestartDetector();
  private seen: CardSnapshot = nothingSeen;

  constructor(
    readonly config: ConfiguredGpu,
    private readonly events: CardDriverEvents,
    rules: ServerRules,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    this.client = new ComfyClient(config.name, config.url, config.access);
    this.server = new ServerMonitor(this.client, config, rules, clock);
    this.socket = new ComfySocket(
      config.url,
      {
        event: (event) => this.heard(event),
        preview: (frame) => this.events.preview(this, frame),
        dropped: () => {
          this.restarts.socketDropped(clock.monotonicMs());
          this.wake();
        },
        deaf: () => this.events.deaf(this),
      },
      logger,
      config.access,
    );
  }

  get name(): string {
    return this.config.name;
  }

  /** How the card stands; a new object whenever that changes. */
  get snapshot(): Readonly<CardSnapshot> {
    return this.seen;
  }

  /** What whoever reads its queue, or has just sent it something, found of it. Holds until the next look says more. */
  mark(standing: CardStanding): void {
    this.seen = { ...this.seen, ...standing };
  }

  start(): void {
    this.startedAtMs = this.clock.monotonicMs();
    this.socket.start();
    // A name server that does not answer holds nobody up.
    const located = Promise.race([this.server.locate(), sleep(locateMs)]);
    this.loop.start(async () => {
      await located;
      return this.loop.isStopping ? 0 : this.lookAndTell();
    });
  }

  async stop(): Promise<void> {
    const stopped = this.loop.stop();
    await this.socket.stop();
    await stopped;
  }

  wake(): void {
    this.loop.wake();
  }

  /** A file is missed or expected there: its folders are read again at once. */
  readFiles(): void {
    this.server.readFiles();
    this.wake();
  }

  /** Milliseconds since the server last answered, or since we began to ask. */
  silentMs(): number {
    return this.clock.monotonicMs() - (this.snapshot.answeredAtMs ?? this.startedAtMs);
  }

  /** Number of the socket's present connection, from 1; null while there is none. */
  get connection(): number | null {
    return this.socket.connection;
  }

  /**
   * Progress is heard of the running prompt of ours, though it may have been sent before a reconnect or by a process
   * that is gone.
   */
  follow(clientId: string | undefined): void {
    this.socket.follow(clientId);
  }

  async post(graph: PromptGraph, promptId: string, extra: Record<string, unknown>): Promise<PostOutcome> {
    const expectStatus = this.socket.expectStatus();
    const outcome = await this.client.post(graph, promptId, this.socket.clientId(), extra);
    if (outcome.outcome === 'accepted') {
      expectStatus();
      if (this.restarts.accepted(outcome.number)) this.server.readAnew();
    }
    return outcome;
  }

  /** Takes a prompt out of the server's queue, unless it runs. Resolves to whether it does. */
  async removePending(promptId: string): Promise<boolean> {
    await this.client.deletePending(promptId);
    const { queue_running } = await this.client.queue();
    return queue_running.some((item) => item[1] === promptId);
  }

  /**
   * Stops one prompt that runs, by its id, also with the newer servers' own cancellation. Whether it obeyed shows in the
   * queue and the history alone.
   */
  async stopPrompt(promptId: string): Promise<void> {
    if (this.server.features.jobs) await this.client.cancelJob(promptId);
    await this.client.interrupt(promptId);
  }

  private heard(event: ComfyEvent): void {
    if (wakingEvents.has(event.type) || (event.type === 'executing' && event.data['node'] === null)) this.wake();
    this.events.event(this, event);
  }

  private async lookAndTell(): Promise<number> {
    await this.look();
    try {
      await this.events.observed(this);
    } catch (error) {
      this.logger.warn({ gpu: this.name }, `acting on what ${this.name} said: ${describeError(error)}`);
    }
    return this.snapshot.state === 'down' ? lookEveryDownMs : lookEveryMs;
  }

  private async look(): Promise<void> {
    try {
      const queue = await this.client.queue();
      const wasDown = this.snapshot.state === 'down' || this.snapshot.inventory === null;
      if (wasDown) this.socket.hurry();
      // A server that was away may have restarted with other models, nodes or a new version.
      const restarted = this.restarts.answered();
      if (wasDown || restarted || this.restarts.takeDrop()) this.server.readAnew();
      await this.server.refresh();
      this.compareDevice(this.snapshot.inventory, this.server.inventory);
      this.failures = 0;
      if (this.snapshot.state === 'down') this.logger.info({ gpu: this.name }, `${this.name} is back`);
      this.answersSinceMs ??= this.clock.monotonicMs();
      this.report(this.events.sameAsAnother(this) ?? this.server.trouble(), [
        ...this.server.warnings(),
        ...this.socketWarnings(this.answersSinceMs),
      ]);
      // Whether it is idle, whoever reads the queue says.
      const state = this.snapshot.state === 'down' ? 'unknown' : this.snapshot.state;
      this.seen = {
        ...this.snapshot,
        queue,
        state,
        inventory: this.server.inventory,
        answeredAtMs: this.clock.monotonicMs(),
        refused: false,
        seenAt: this.clock.now(),
      };
    } catch (error) {
      this.failed(error);
    }
  }

  /**
   * One silence says little while a prompt runs: the server's loop stands still when it collects garbage, scans folders
   * or takes a big upload.
   */
  private failed(error: unknown): void {
    const detail = error instanceof AppError ? error.message : describeError(error);
    const refused = silenceOf(error) === 'refused';
    if (refused) this.restarts.connectionRefused();
    this.failures += 1;
    this.answersSinceMs = undefined;
    const patient = this.snapshot.state === 'busy' && !refused && this.failures < failuresUntilDown;
    if (this.snapshot.state !== 'down' && !patient)
      this.logger.warn({ gpu: this.name }, `${this.name} is down: ${detail}`);
    this.seen = { ...this.snapshot, queue: null, refused, ...(patient ? {} : { state: 'down' as const, detail }) };
  }

  /** The card works without its socket, but nobody hears how. */
  private socketWarnings(sinceMs: number): string[] {
    const complaint = this.socket.complaint(this.clock.monotonicMs() - sinceMs);
    return complaint === null ? [] : [socketWarning(this.name, complaint)];
  }

  /** Another card behind the same address, or a start with `--cpu`. */
  private compareDevice(before: GpuInventory | null, after: GpuInventory | null): void {
    const [was, is] = [deviceModel(before?.device), deviceModel(after?.device)];
    if (was === null || is === null || was === is) return;
    this.logger.warn(
      { gpu: this.name },
      `${this.name} has another device: ${is}, no longer ${was}; how long work takes there is learnt anew`,
    );
  }

  private report(trouble: string | null, warnings: string[]): void {
    if (trouble !== null && trouble !== this.snapshot.trouble) this.logger.warn({ gpu: this.name }, trouble);
    for (const warning of warnings)
      if (!this.snapshot.warnings.includes(warning)) this.logger.warn({ gpu: this.name }, warning);
    this.seen = { ...this.snapshot, trouble, warnings };
  }
}
