import { Inject, Injectable } from '@nestjs/common';
import type { ConfiguredGpu } from '@tower/comfyui';
import { CLOCK, LOGGER, type Clock, type Logger } from '@tower/kit';
import { GPUS, type ConfiguredGpus } from '../cards/card-config';
import { CardDriver } from '../cards/card-driver';
import { SameServers } from '../cards/same-servers';
import { SERVER_RULES } from '../cards/server-rules';
import type { ServerRules } from '../cards/server-monitor';
import { CardLooks } from './card-looks';
import { Takeover } from './takeover';

/** What the drivers need of who leads. */
export interface Leading {
  /** The fence to act under; undefined when the lease is gone. */
  held(): string | undefined;
  /** A card may have become idle. */
  wake(): void;
}

/** The drivers of the configured cards, one each while this process leads, and none while it does not. */
@Injectable()
export class CardDrivers {
  /** In the order of the configuration, as they were put in. */
  private readonly drivers = new Map<string, CardDriver>();
  private readonly same = new SameServers(() => this.all());
  /** Since the cards were configured under the present lease. */
  private isUp = false;

  constructor(
    private readonly takeover: Takeover,
    private readonly looks: CardLooks,
    @Inject(SERVER_RULES) private readonly rules: ServerRules,
    @Inject(GPUS) private readonly gpus: ConfiguredGpus,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  get areUp(): boolean {
    return this.isUp;
  }

  all(): CardDriver[] {
    return [...this.drivers.values()];
  }

  /** Undefined while this process does not lead, and for a card that is not configured. */
  named(gpu: string): CardDriver | undefined {
    return this.drivers.get(gpu);
  }

  /** Takes the cards over, unless that is done. */
  async up(fence: string, leading: Leading): Promise<void> {
    if (this.isUp) return;
    await this.takeover.prepare(fence);
    this.isUp = true;
    for (const config of this.gpus) {
      const driver = this.driverFor(config, leading);
      this.drivers.set(config.name, driver);
      driver.start();
    }
  }

  /** Prompts that run stay on their cards. */
  async down(): Promise<void> {
    this.isUp = false;
    const drivers = this.all();
    this.drivers.clear();
    await Promise.all(drivers.map((driver) => driver.stop()));
    this.looks.clear();
  }

  private driverFor(config: ConfiguredGpu, leading: Leading): CardDriver {
    return new CardDriver(
      config,
      {
        observed: (driver) => this.looked(driver, leading),
        event: (driver, event) => this.looks.hear(driver, event),
        preview: (driver, frame) => this.looks.preview(driver, frame),
        deaf: (driver) => this.looks.deaf(driver),
        sameAsAnother: (driver) => this.same.troubleOf(driver),
      },
      this.rules,
      this.clock,
      this.logger,
    );
  }

  private async looked(driver: CardDriver, leading: Leading): Promise<void> {
    const fence = leading.held();
    if (fence === undefined) return;
    this.same.saw(driver, await this.looks.act(fence, driver));
    await this.looks.note(fence, driver);
    leading.wake();
  }
}
