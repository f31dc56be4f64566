import {
  routes,
  type DeadLetterState,
  type DeadLetterView,
  type ServiceName,
  type SettledLetter,
} from '@tower/contracts';
import type { ApiClient } from '../api-client';
import { isForPeople, runningApi, writeLines as write } from './running-api';

/** Letters per request. */
const pageSize = 50;

const client = (): ApiClient => runningApi({ requestMs: 90_000 });

/** Messages that could not be handled, newest first. 0, also when there are some: that is no fault of the command. */
export async function deadLettersList(options: {
  service?: ServiceName;
  state: DeadLetterState;
  limit: number;
  json: boolean;
}): Promise<number> {
  const { service, state, limit } = options;
  const page = await client().call(routes.listDeadLetters, {
    query: { state, limit, ...(service === undefined ? {} : { service }) },
  });
  if (!isForPeople(options.json)) write([JSON.stringify(page)]);
  else {
    const more = page.next_cursor === undefined ? [] : ['there are more; --limit shows them'];
    const silent = page.silent.length === 0 ? [] : [`did not answer: ${page.silent.join(', ')}`];
    write([
      ...(page.items.length === 0 ? [`no ${state} dead letters`] : page.items.flatMap(describeLetter)),
      ...more,
      ...silent,
    ]);
  }
  return 0;
}

/** One letter with its message. */
export async function deadLettersShow(id: string, options: { json: boolean }): Promise<number> {
  const letter = await client().call(routes.getDeadLetter, { params: { id } });
  write(
    isForPeople(options.json)
      ? [...describeLetter(letter), '', letter.message, ...(letter.message_cut ? ['… (cut)'] : [])]
      : [JSON.stringify(letter)],
  );
  return 0;
}

/** 0 when every letter that was named, or with `all` every open one, is settled; 1 otherwise. */
export async function deadLettersSettle(
  what: 'redrive' | 'dismiss',
  ids: readonly string[],
  options: { all: boolean; json: boolean },
): Promise<number> {
  const api = client();
  const wanted = options.all ? await openIds(api) : ids;
  const route = what === 'redrive' ? routes.redriveDeadLetters : routes.dismissDeadLetters;
  const items: SettledLetter[] = [];
  for (let from = 0; from < wanted.length; from += pageSize)
    items.push(...(await api.call(route, { body: { ids: wanted.slice(from, from + pageSize) } })).items);
  if (isForPeople(options.json))
    write(
      items.length === 0
        ? ['nothing to do']
        : items.map(({ id, outcome, detail }) => `${id}  ${outcome.padEnd(15)} ${detail}`),
    );
  else write([JSON.stringify({ items })]);
  return items.every(
    ({ outcome }) => outcome === 'redriven' || outcome === 'dismissed' || outcome === 'already_settled',
  )
    ? 0
    : 1;
}

async function openIds(api: ApiClient): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await api.call(routes.listDeadLetters, {
      query: { state: 'open', limit: pageSize, ...(cursor === undefined ? {} : { cursor }) },
    });
    ids.push(...page.items.map((letter) => letter.id));
    cursor = page.next_cursor;
    if (cursor === undefined) return ids;
  }
}

export function describeLetter(letter: DeadLetterView): string[] {
  const lines = [
    `${letter.id}  ${letter.service.padEnd(11)} ${letter.at}  ` +
      `${letter.lost ? `(message gone from ${letter.stream})` : letter.subject}`,
    `  ${letter.reason}`,
  ];
  if (letter.last_failure !== null)
    lines.push(`  handed over again ${letter.redrives} times, last: ${letter.last_failure}`);
  if (letter.settled_at !== null) lines.push(`  ${letter.state} at ${letter.settled_at}`);
  return lines;
}
