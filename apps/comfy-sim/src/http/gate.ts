import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { empty, text, type Reply } from './reply';

/** What stands before a ComfyUI that is not open to everybody: ComfyUI itself knows no login. */
const gateOptions = z.strictObject({
  /** All of these headers have to come, with these values. */
  headers: z.record(z.string(), z.string()).default({}),
  bearer: z.string().optional(),
  basic: z.strictObject({ user: z.string(), password: z.string() }).optional(),
  /** The path below which ComfyUI is; `/comfy`, without a slash at the end. */
  prefix: z
    .string()
    .regex(/^(\/[^/?#]+)*$/)
    .default(''),
  /** How strangers are turned away: 401 or 403, a redirect to a page to log in, or that page itself. */
  turnsAwayWith: z.enum(['401', '403', 'redirect', 'page']).default('401'),
  /** Where the redirect goes. */
  loginPage: z.string().default('/login?next=%2F'),
});
export type GateOptions = z.input<typeof gateOptions>;

export const readGate = (file: string): GateOptions => gateOptions.parse(JSON.parse(readFileSync(file, 'utf8')));

const page =
  '<!DOCTYPE html>\n<html><head><title>Sign in to the ' +
  'studio</title></head><body><form method="post"></form></body></html>';

/** A proxy with a login and a path of its own. The side door stays open. */
export class Gate {
  private readonly options: z.output<typeof gateOptions>;

  constructor(options: GateOptions = {}) {
    this.options = gateOptions.parse(options);
  }

  get prefix(): string {
    return this.options.prefix;
  }

  /** The answer for who may not come in; undefined for who may: then the request has the address that ComfyUI sees. */
  turnsAway(request: IncomingMessage): Reply | undefined {
    const url = request.url ?? '/';
    if (url.startsWith('/sim/')) return undefined;
    const { prefix } = this.options;
    if (prefix !== '' && !url.startsWith(`${prefix}/`)) return text(404, '404: Not Found');
    if (!this.knows(request)) return this.refusal();
    request.url = url.slice(prefix.length);
    return undefined;
  }

  private knows({ headers }: IncomingMessage): boolean {
    const { bearer, basic, headers: wanted } = this.options;
    if (bearer !== undefined && headers.authorization !== `Bearer ${bearer}`) return false;
    const login = basic === undefined ? undefined : Buffer.from(`${basic.user}:${basic.password}`).toString('base64');
    if (login !== undefined && headers.authorization !== `Basic ${login}`) return false;
    return Object.entries(wanted).every(([name, value]) => headers[name.toLowerCase()] === value);
  }

  private refusal(): Reply {
    const { turnsAwayWith, loginPage, bearer, basic } = this.options;
    if (turnsAwayWith === 'redirect') return { ...empty(302), headers: { Location: loginPage } };
    if (turnsAwayWith === 'page')
      return { ...text(200, page), headers: { 'Content-Type': 'text/html; charset=utf-8' } };
    const scheme = bearer !== undefined ? 'Bearer' : basic !== undefined ? 'Basic realm="studio"' : undefined;
    return text(Number(turnsAwayWith), 'no entry', scheme === undefined ? {} : { 'WWW-Authenticate': scheme });
  }
}
