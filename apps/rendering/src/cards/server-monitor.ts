import {
  deviceMismatches,
  serverPlaces,
  toInventory,
  judgeVersion,
  type ServerTraits,
  type StatedCard,
  type ComfyClient,
  type GpuStats,
  type ServerFeatures,
  type ObjectInfo,
} from '@tower/comfyui';
import { AppError, type Clock } from '@tower/kit';
import { describeMissing, type Missing } from '../workflows/compatibility/requirements';
import type { GpuInventory } from './card.entity';
import { FamilyReading, type OperatorFamilies } from './family-reading';

/** Milliseconds. */
const modelsEveryMs = 60_000;
const statsEveryMs = 15_000;
/** Somebody who was told to put a checkpoint into the folder does so and tries again. */
const statsEveryEmptyMs = 3_000;

/** Of the machine's memory. */
const leastFreeShare = 0.05;
/** Faults of one workflow that a warning names. */
const shownMisfits = 3;

/** What servers are held against, the same for all cards. */
export interface ServerRules {
  readonly oldestVersion: string;
  /** Holds the workflows against the server's own description of its nodes. */
  readonly check: (info: ObjectInfo) => Record<string, Missing[]>;
  /** What the operator says of checkpoints. */
  readonly operatorFamilies: OperatorFamilies;
}

/**
 * What is known of one boot of a server: version, features, model files and node classes. Read anew after a restart.
 */
export class ServerMonitor {
  inventory: GpuInventory | null = null;
  /** Every node class of this boot, in memory only. */
  objectInfo: ObjectInfo = {};
  features: ServerFeatures = { jobs: false };
  /** What tells it from other servers, as far as it is known. */
  traits: ServerTraits;
  /** Boots that were read. */
  boots = 0;
  /** The GPU's driver does not answer though the server does. */
  private driverSilent = false;
  private folders: string[] = [];
  private read = false;
  private modelsAtMs = -Infinity;
  private filesWanted = false;
  private statsAtMs = -Infinity;
  private readonly families: FamilyReading;

  constructor(
    private readonly client: ComfyClient,
    /** What the configuration says of the card. */
    private readonly stated: StatedCard,
    private readonly rules: ServerRules,
    private readonly clock: Clock,
  ) {
    this.families = new FamilyReading(client.inventory, rules.operatorFamilies);
    this.traits = { url: client.url, places: [], log: [], about: null };
  }

  /** Finds where its name leads, before anything is asked of it. */
  async locate(): Promise<void> {
    this.traits = { ...this.traits, places: await serverPlaces(this.client.url) };
  }

  /** What is known may be of an earlier boot. */
  readAnew(): void {
    this.read = false;
  }

  /** Monotonic milliseconds at which the last reading of all folders began; -Infinity while there was none. */
  get filesReadAtMs(): number {
    return this.modelsAtMs;
  }

  /** A file is missed or expected: all folders are read at the next look. */
  readFiles(): void {
    this.filesWanted = true;
  }

  /** Brings the knowledge up to date, as far as its age asks for it. Throws when the server does not answer. */
  async refresh(): Promise<void> {
    const now = this.clock.monotonicMs();
    if (!this.read) return this.readBoot(now);
    if (this.inventory === null) return;
    const everyMs = this.inventory.checkpoints.length === 0 ? statsEveryEmptyMs : statsEveryMs;
    if (!this.filesWanted && now - this.statsAtMs <= everyMs) return;
    await this.readStats(now);
    const all = this.filesWanted || now - this.modelsAtMs > modelsEveryMs;
    await this.readModels(now, all ? this.folders : ['checkpoints']);
    if (all) await this.readTraits();
    this.filesWanted = false;
    await this.readFamilies();
  }

  /** Why the server takes no work although it answers; null when it does. */
  trouble(): string | null {
    if (this.driverSilent)
      return (
        `${this.client.name} answers, but its GPU driver does not (/system_stats hangs while /prompt works); ` +
        `restart this ComfyUI, and its machine if that does not help`
      );
    return this.inventory === null ? null : this.verdict().refusal;
  }

  warnings(): string[] {
    // A simulated server only speaks like that version; nobody breaks into it that way.
    const warning = this.inventory === null || this.inventory.simulated ? null : this.verdict().warning;
    const misfits = Object.entries(this.inventory?.misfits ?? {}).map(
      ([workflow, missing]) =>
        `${this.client.name} does not fit workflow ${workflow}: ` +
        `${missing.slice(0, shownMisfits).map(describeMissing).join('; ')}`,
    );
    const otherDevice = this.inventory === null ? [] : deviceMismatches(this.stated, this.inventory);
    return [...otherDevice, ...(warning === null ? [] : [warning]), ...this.shortOfMemory(), ...misfits];
  }

  /** Servers leak memory over many prompts; only a restart gives it back. */
  private shortOfMemory(): string[] {
    const { ramMb, ramFreeMb } = this.inventory ?? {};
    if (typeof ramMb !== 'number' || typeof ramFreeMb !== 'number' || ramFreeMb >= ramMb * leastFreeShare) return [];
    return [
      `the machine of ${this.client.name} has less than a twentieth of its ` +
        `memory free: restart this ComfyUI when it is idle`,
    ];
  }

  private verdict(): ReturnType<typeof judgeVersion> {
    return judgeVersion(this.client.name, this.inventory?.comfyuiVersion ?? 'unknown', this.rules.oldestVersion);
  }

  private async readBoot(now: number): Promise<void> {
    const stats = await this.statsUnlessSilent();
    if (stats === null) return;
    this.objectInfo = await this.client.inventory.objectInfo();
    this.folders = await this.client.inventory.modelFolders();
    this.features = await this.client.inventory.features();
    this.inventory = {
      ...toInventory(stats, this.objectInfo, await this.client.inventory.models(this.folders)),
      misfits: this.rules.check(this.objectInfo),
    };
    await this.readTraits();
    this.boots += 1;
    this.read = true;
    this.statsAtMs = now;
    this.modelsAtMs = now;
    this.families.clear();
    await this.readFamilies();
  }

  /** Absent where nothing is stated, as in the inventories that were stored before. */
  private async readFamilies(): Promise<void> {
    if (this.inventory === null) return;
    const { families: before, ...inventory } = this.inventory;
    const families = await this.families.of(inventory.checkpoints);
    const isSame = JSON.stringify(families) === JSON.stringify(before ?? {});
    if (!isSame) this.inventory = { ...inventory, ...(Object.keys(families).length === 0 ? {} : { families }) };
  }

  /** Its log runs on, so that what another card reads of it later still has lines in common with it. */
  private async readTraits(): Promise<void> {
    const { comfyuiVersion, device, vramMb, ramMb } = this.inventory ?? {};
    const [places, log] = await Promise.all([serverPlaces(this.client.url), this.client.inventory.log()]);
    this.traits = { url: this.client.url, places, log, about: JSON.stringify([comfyuiVersion, device, vramMb, ramMb]) };
  }

  private async readStats(now: number): Promise<void> {
    this.statsAtMs = now;
    const stats = await this.statsUnlessSilent();
    if (stats !== null && this.inventory) this.inventory = { ...this.inventory, ...stats };
  }

  /** Null when the server lives but its GPU's driver does not answer. */
  private async statsUnlessSilent(): Promise<GpuStats | null> {
    try {
      const stats = await this.client.inventory.stats();
      this.driverSilent = false;
      return stats;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'comfyui_unreachable') throw error;
      // Answered without asking the GPU: if this fails too, the server itself is away or busy.
      await this.client.alive();
      this.driverSilent = true;
      return null;
    }
  }

  private async readModels(now: number, folders: readonly string[]): Promise<void> {
    if (!this.inventory || folders.length === 0) return;
    const models = { ...this.inventory.models, ...(await this.client.inventory.models(folders)) };
    const changed = JSON.stringify(models) !== JSON.stringify(this.inventory.models);
    if (changed) {
      // The lists of files inside the node descriptions have changed with the folders.
      this.objectInfo = await this.client.inventory.objectInfo();
      const misfits = this.rules.check(this.objectInfo);
      this.inventory = { ...toInventory(this.inventory, this.objectInfo, models), misfits };
    }
    // Only now: whoever asks how fresh the inventory is must find what was read then.
    if (folders === this.folders) this.modelsAtMs = now;
  }
}
