/** Characters; shorter secrets are words that would be taken out of ordinary text as well. */
const leastSecret = 6;

/** Keys whose values never reach a log, whoever wrote the line. */
const secretKey =
  /^(authorization|cookie|set-cookie|password|passwd|secret|token|api_?key|x-api-key|database_?url|nats_?url)$/i;
const credentialsInUrl = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@"']+@/gi;
const bearer = /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/g;

const censored = '[redacted]';

/** Takes secrets out of a log line: by key, by shape, and the ones this process knows, wherever they stand. */
export class Redaction {
  private readonly known = new Set<string>();

  /** A secret of any kind. */
  add(secret: string): void {
    for (const form of [secret, encodeURIComponent(secret)]) if (form.length >= leastSecret) this.known.add(form);
  }

  /** Passwords of an address. */
  addUrl(url: string): void {
    for (const part of url.split(',').map((address) => address.trim())) {
      try {
        // NATS takes addresses without a scheme; `new URL` would take the user for one.
        const { password, username, searchParams } = new URL(part.includes('://') ? part : `nats://${part}`);
        for (const name of ['password', 'sslpassword', 'token']) this.add(searchParams.get(name) ?? '');
        for (const secret of [password, decodeURIComponent(password)])
          if (secret.length >= leastSecret) this.known.add(secret);
        // NATS tokens stand where the user does.
        if (password === '')
          for (const secret of [username, decodeURIComponent(username)])
            if (secret.length >= leastSecret) this.known.add(secret);
      } catch {
        // Not an address; whoever uses it says so.
      }
    }
  }

  text(value: string): string {
    let result = value.replace(credentialsInUrl, `$1${censored}@`).replace(bearer, `$1 ${censored}`);
    for (const secret of this.known) result = result.replaceAll(secret, censored);
    return result;
  }

  fields<Fields extends Record<string, unknown>>(fields: Fields): Fields {
    return this.value(fields) as Fields;
  }

  private value(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value);
    if (Array.isArray(value)) return value.map((item) => this.value(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, secretKey.test(key) ? censored : this.value(inner)]),
    );
  }
}
