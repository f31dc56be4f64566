import { rmSync } from 'node:fs';
import {
  BusConnection,
  natsUsers,
  openNatsSecret,
  parseNatsUrl,
  versionWarning,
  withUser,
  type NatsUserName,
  type Passwords,
} from '@tower/bus';
import { AppError, describeError, type Logger } from '@tower/kit';
import { natsUrlVariable, type TowerEnv } from '../env';
import type { TowerHome } from '../home';
import type { Redaction } from '../logs/redaction';
import { writeWhole } from './run-record';

/** Everybody but outside publishers: whom the launcher starts, and itself. */
type ProcessUser = Exclude<NatsUserName, 'publisher'>;
const processUsers = natsUsers.filter((user): user is ProcessUser => user !== 'publisher');

/** With which address and as whom each process talks to NATS. Each is given its own and no other. */
export class NatsAccess {
  private readonly given = new Map<ProcessUser, string>();

  /** Throws `nats_url_invalid` when one of the operator's addresses cannot be read. */
  constructor(
    env: TowerEnv,
    private readonly home: TowerHome,
    private readonly redaction: Redaction,
  ) {
    if (env.NATS_URL === undefined) return;
    for (const user of processUsers) {
      const url = env[natsUrlVariable(user)] ?? env.NATS_URL;
      redaction.addUrl(url);
      parseNatsUrl(url);
      this.given.set(user, url);
    }
  }

  /** The operator named a server: none is started. */
  get isGiven(): boolean {
    return this.given.size > 0;
  }

  /** For our own server, which lets nobody else in. Called once the home is ours. */
  passwords(): Passwords {
    return openNatsSecret(this.home.natsSecret);
  }

  /** Our own server answers here. Leaves the publishers' address in the home, where only its owner can read it. */
  announce(url: string): void {
    const passwords = this.passwords();
    for (const user of natsUsers) this.redaction.addUrl(withUser(url, user, passwords));
    for (const user of processUsers) this.given.set(user, withUser(url, user, passwords));
    writeWhole(this.home.natsPublisherUrl, `${withUser(url, 'publisher', passwords)}\n`);
  }

  withdraw(): void {
    rmSync(this.home.natsPublisherUrl, { force: true });
  }

  urlFor(user: ProcessUser): string {
    const url = this.given.get(user);
    if (url === undefined) throw new AppError('internal', 'nats_not_started', 'NATS was not started yet');
    return url;
  }
}

/**
 * Makes and changes the streams, as the one user who may change them; before the services start, so that none of them
 * finds a stream that a stranger could have made first. A server on which `admin` may not do this is used as it is:
 * services make what is theirs. Returns what could not be done, in sentences. Throws `nats_credentials_refused` and
 * `stream_not_made`.
 */
export async function prepareStreams(url: string, logger: Logger, signal?: AbortSignal): Promise<string[]> {
  const bus = await BusConnection.open(url, 'admin', logger, signal);
  const warning = versionWarning(bus.nats.info?.version ?? '');
  if (warning !== undefined) logger.warn(warning);
  try {
    return await bus.ensureStreams();
  } catch (error) {
    if (error instanceof AppError) throw error;
    return [`the streams could not be prepared: ${describeError(error)}; each service makes its own`];
  } finally {
    await bus.close();
  }
}
