import type { FieldError } from '@tower/contracts';
import { invalid } from '@tower/kit';
import { refusal } from './refusals';

/**
 * Decodes strictly: what is not valid percent-encoded UTF-8 is refused instead of being turned into replacement
 * characters.
 */
function decode(part: string): string {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '));
  } catch {
    throw refusal('url_malformed', 'the query string is not valid percent-encoded UTF-8');
  }
}

/** Fields of a query string. No field takes a list, so one that comes twice is a mistake. */
export function parseQuery(url: string): Record<string, string> {
  const start = url.indexOf('?');
  if (start < 0) return {};
  const fields: [string, string][] = [];
  const wrong: FieldError[] = [];
  for (const pair of url.slice(start + 1).split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1));
    if (fields.some(([known]) => known === name)) wrong.push({ pointer: `?${name}`, message: 'given more than once' });
    if (value.includes('\u0000') || name.includes('\u0000'))
      wrong.push({ pointer: `?${name.replaceAll('\u0000', '')}`, message: 'must not contain NUL characters' });
    fields.push([name, value]);
  }
  if (wrong.length > 0)
    throw invalid(
      'query_invalid',
      `the query is not valid: ${wrong.map((field) => `${field.pointer}: ${field.message}`).join('; ')}`,
      wrong,
    );
  return Object.fromEntries(fields);
}
