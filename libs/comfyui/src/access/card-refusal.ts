import { withoutCredentials } from '@tower/kit';
import type { CardAccess } from './card-access';

/** Whose answer is explained. */
interface AskedCard {
  readonly name: string;
  readonly url: string;
  readonly access?: CardAccess | undefined;
}

const settings = 'config/gpus.yaml';

/** Characters of a page's title that are shown. */
const shownTitle = 80;

export const isLoginRefusal = (status: number): boolean => status === 401 || status === 403;

/** What a person does about a card that answers 401 or 403. `challenge` is its `WWW-Authenticate`. */
export function describeLoginRefusal(card: AskedCard, status: number, path: string, challenge: string | null): string {
  const setting = card.access?.setting ?? null;
  const wanted = challenge === null ? '' : ` (it asks for ${/^[A-Za-z-]{1,20}/.exec(challenge)?.[0] ?? 'a login'})`;
  const answer = `${card.name} (${card.url}) answers ${status} to ${withoutQuery(path)}${wanted}`;
  if (setting === null) {
    return status === 401
      ? `${answer}: credentials are missing; give it auth (header, bearer or basic) in ${settings}`
      : `${answer}: it forbids this; if it wants credentials, give it auth (header, bearer or basic) in ${settings}`;
  }
  return status === 401
    ? `${answer}: the credentials are wrong; correct ${setting} in ${settings}`
    : `${answer}: these credentials may not do this, or are wrong; look at ${setting} in ${settings}`;
}

/** What a person does about a card that sends us elsewhere. Nothing is sent there. */
export function describeRedirect(card: AskedCard, path: string, location: string | null): string {
  const target = withoutCredentials(location ?? 'nowhere').slice(0, 200);
  const answer = `${card.name} answers ${withoutQuery(path)} with a redirect to ${target}`;
  if (!/log-?in|sign-?in|sso|oauth|auth(?!or)|session/i.test(location ?? ''))
    return `${answer}; name its final address in ${settings}`;
  const setting = card.access?.setting ?? null;
  return setting === null
    ? `${answer}, which looks like a page to log in: credentials are missing; give ` +
        `it auth (header, bearer or basic) in ${settings}`
    : `${answer}, which looks like a page to log in: it does not take ${setting}; correct it in ${settings}`;
}

/**
 * What a text is that should have been ComfyUI's JSON, as far as that can be said; empty for anything but a web page.
 */
export function describePage(text: string): string {
  if (!/^\s*<(!doctype|html|head|body|\?xml)/i.test(text)) return '';
  const title = /<title[^>]*>([^<]*)</i.exec(text)?.[1]?.replace(/\s+/g, ' ').trim().slice(0, shownTitle) ?? '';
  return `a web page${title === '' ? '' : ` (“${title}”)`}`;
}

/** What a person does about a certificate that is not trusted; empty for any other trouble. */
export function describeCertificateTrouble(causes: string, { access }: AskedCard): string {
  if (/ERR_TLS_CERT_ALTNAME_INVALID/.test(causes))
    return '; its certificate is for another name: use the name that it is made out to';
  if (/CERT_HAS_EXPIRED/.test(causes)) return '; its certificate has expired: renew it';
  if (!/SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|SELF_SIGNED_CERT_IN_CHAIN/.test(causes)) return '';
  return access?.ca === undefined
    ? `; its certificate is from an authority that is not known here: name that ` +
        `authority's certificate as ca_file in ${settings}`
    : `; its certificate is not from the authority in its ca_file in ${settings}`;
}

const withoutQuery = (path: string): string => path.split('?')[0] ?? path;
