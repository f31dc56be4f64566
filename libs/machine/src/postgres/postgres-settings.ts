export type PostgresSettings = Readonly<Record<string, string | number | boolean>>;

/** For a durable cluster on one machine with several services; what a test gives up, it overrides. */
const defaultSettings: PostgresSettings = {
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  // Six services with two pools each (12 and 6), twice over during a rolling restart, listeners, and room for the
  // operator.
  max_connections: 250,
  // A forgotten transaction stops vacuum for the whole cluster.
  idle_in_transaction_session_timeout: '10s',
  // A service whose machine vanished gives its locks back after about 11 s instead of two hours.
  tcp_keepalives_idle: 5,
  tcp_keepalives_interval: 2,
  tcp_keepalives_count: 3,
  // Our queries are short, and compiling them costs more than it saves.
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Half a second is far above anything a healthy service asks.
  log_min_duration_statement: '500ms',
  log_lock_waits: 'on',
  log_line_prefix: '%m [%p] %a ',
};

/** Not for the caller to change: who may come in, and where. */
const fixedSettings: PostgresSettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  // The launcher reads them.
  log_destination: 'stderr',
  logging_collector: 'off',
  lc_messages: 'C',
};

export function toArguments(settings: PostgresSettings): string[] {
  return Object.entries({ ...defaultSettings, ...settings, ...fixedSettings }).flatMap(([name, value]) => [
    '-c',
    `${name}=${String(value)}`,
  ]);
}
