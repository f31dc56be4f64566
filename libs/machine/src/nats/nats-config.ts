import { usersConfig, type Passwords } from '@tower/bus';

/**
 * Bytes that streams may reserve. Not what they use: that is bounded by the streams themselves. Left out, the server
 * works out at each start three quarters of what happens to be free, and on a disk that is nearly full does not find
 * room again for streams that it has. Those of earlier releases reserve 4.3 GiB, and to change one counts it twice.
 */
const defaultMaxFileStore = 8 * 1024 ** 3;

interface NatsConfig {
  readonly serverName: string;
  readonly port: number;
  readonly storeDir: string;
  readonly token?: string;
  /** With them the users of Tower are let in, each with its own rights, and nobody else. */
  readonly passwords?: Passwords;
  readonly monitorPort?: number;
  /** Bytes. */
  readonly maxFileStore?: number;
}

/** The server's own configuration language; its quoted strings escape as JSON's do. */
export function toNatsConfig({
  serverName,
  port,
  storeDir,
  token,
  passwords,
  monitorPort,
  maxFileStore = defaultMaxFileStore,
}: NatsConfig): string {
  const lines = [
    '# Written at every start; changes here are lost.',
    `server_name: ${JSON.stringify(serverName)}`,
    `listen: "127.0.0.1:${port}"`,
    'max_payload: 8MB',
    // A stopped process is dropped after 15 s instead of 4 minutes, so that questions go to those who answer.
    'ping_interval: "5s"',
    'ping_max: 2',
    // The default is two minutes: a power cut would take back events that were acknowledged.
    `jetstream { store_dir: ${JSON.stringify(storeDir)}, sync_interval: always, max_file_store: ${maxFileStore} }`,
  ];
  if (token !== undefined) lines.push(`authorization { token: ${JSON.stringify(token)} }`);
  if (passwords !== undefined) lines.push(usersConfig((user) => JSON.stringify(passwords(user))));
  if (monitorPort !== undefined) lines.push(`http: "127.0.0.1:${monitorPort}"`);
  return `${lines.join('\n')}\n`;
}
