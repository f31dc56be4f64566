import { AppError } from '@tower/kit';

/** Where NATS is and who we are there, as the client library wants it. */
interface NatsAddress {
  /** `host` or `host:port` each, without credentials. */
  readonly servers: string[];
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
}

const form = /^(?:(?:nats|tls):\/\/)?(?:([^@/]*)@)?([^@/?#\s]+)\/?$/i;

/**
 * Takes `NATS_URL` apart: one address or several with commas between them, each `nats://host:port`,
 * `nats://user:password@host:port` or `nats://token@host:port`, with `%40` for an `@` and so on. The client library
 * drops what stands before the `@`, and knows one pair of credentials per connection: they may stand in each address or
 * in one of them, but may not differ. Throws `nats_url_invalid`, which never shows the credentials.
 */
export function parseNatsUrl(url: string): NatsAddress {
  const servers: string[] = [];
  const found = new Map<string, Omit<NatsAddress, 'servers'>>();
  for (const [index, address] of url.split(',').entries()) {
    const [, credentials, server] = form.exec(address.trim()) ?? [];
    if (server === undefined)
      throw invalidUrl(
        `address ${index + 1} is not nats://host:port; write %40 for an @ and %2F for a / in user, password or token`,
      );
    servers.push(server);
    if (credentials !== undefined && credentials !== '') found.set(credentials, parseCredentials(credentials, index));
  }
  if (found.size > 1)
    throw invalidUrl('its addresses name different credentials; all servers of one NATS take the same ones');
  return { servers, ...[...found.values()][0] };
}

function parseCredentials(credentials: string, index: number): Omit<NatsAddress, 'servers'> {
  try {
    const [first = '', ...rest] = credentials.split(':');
    if (rest.length === 0) return { token: decodeURIComponent(first) };
    return { user: decodeURIComponent(first), pass: decodeURIComponent(rest.join(':')) };
  } catch (cause) {
    throw invalidUrl(
      `what stands before the @ of address ${index + 1} is not percent-encoded; write %25 for a %`,
      cause,
    );
  }
}

const invalidUrl = (why: string, cause?: unknown): AppError =>
  new AppError('invalid', 'nats_url_invalid', `NATS_URL cannot be read: ${why}`, { cause });
