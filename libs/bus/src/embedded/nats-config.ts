export interface NatsConfig {
  readonly serverName: string;
  readonly port: number;
  readonly storeDir: string;
  readonly token?: string;
  readonly monitorPort?: number;
}

/** The server's own configuration language; its quoted strings escape as JSON's do. */
export function toNatsConfig({ serverName, port, storeDir, token, monitorPort }: NatsConfig): string {
  const lines = [
    '# Written at every start; changes here are lost.',
    `server_name: ${JSON.stringify(serverName)}`,
    `listen: "127.0.0.1:${port}"`,
    'max_payload: 8MB',
    // A stopped process is dropped after 15 s instead of 4 minutes, so that questions go to those who answer.
    'ping_interval: "5s"',
    'ping_max: 2',
    // The default is two minutes: a power cut would take back events that were acknowledged.
    `jetstream { store_dir: ${JSON.stringify(storeDir)}, sync_interval: always }`,
  ];
  if (token !== undefined) lines.push(`authorization { token: ${JSON.stringify(token)} }`);
  if (monitorPort !== undefined) lines.push(`http: "127.0.0.1:${monitorPort}"`);
  return `${lines.join('\n')}\n`;
}
