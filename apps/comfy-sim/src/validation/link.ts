import type { PyValue } from '../python/values';

type Link = [nodeId: string, slot: number];

/** Execution's idea of a link (graph_utils.is_link). Validation is more generous: there any list is meant as a link. */
export function isLink(value: PyValue | undefined): value is Link {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && typeof value[1] === 'number';
}

/** Comma-separated unions match when they share a type; "*" matches all. */
export function typesMatch(received: string | PyValue[], expected: string | PyValue[]): boolean {
  if (typeof received !== 'string' || typeof expected !== 'string') {
    return Array.isArray(received) && Array.isArray(expected) && received.join('\n') === expected.join('\n');
  }
  const types = (text: string): string[] => text.split(',').map((type) => type.trim());
  const wanted = types(expected);
  const given = types(received);
  // Which of the allowed types it is shows at run time only.
  if (wanted.includes('COMFY_MATCHTYPE_V3') || given.includes('COMFY_MATCHTYPE_V3')) return true;
  return wanted.includes('*') || given.includes('*') || given.some((type) => wanted.includes(type));
}
