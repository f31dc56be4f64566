import { sameServerSentence, whySameServer, type ServerTraits } from '@tower/comfyui';
import { withoutCredentials } from '@tower/kit';
import type { CardDriver } from './card-driver';

/** A card as far as it matters here. */
export type NamedServer = Pick<CardDriver, 'name' | 'config' | 'snapshot'> & {
  server: { readonly traits: ServerTraits; readonly boots: number };
};

/** A prompt that was sent to one card and is in the queue of another. */
export interface StrayPrompt {
  promptId: string;
  gpu: string;
  jobId: string;
}

/**
 * Finds cards that are one ComfyUI under several names. One process is one card is one queue, so the first of them in
 * the configuration that answers goes on, and the others take no work.
 */
export class SameServers {
  /** By both names: what showed it, and at which boots of both; it holds until one of them is another process. */
  private readonly shown = new Map<string, { boots: string; why: string }>();
  private readonly compared = new WeakMap<ServerTraits, WeakMap<ServerTraits, { why: string | undefined }>>();

  /** `cards` are in the order of the configuration. */
  constructor(private readonly cards: () => readonly NamedServer[]) {}

  /** Why this card takes no work though it answers; null where no card before it is the same server. */
  troubleOf(card: NamedServer): string | null {
    const cards = this.cards();
    for (const earlier of cards.slice(
      0,
      cards.findIndex(({ name }) => name === card.name),
    )) {
      if (earlier.snapshot.state === 'down') continue;
      const why = this.whySame(earlier, card);
      if (why === undefined) continue;
      return sameServerSentence(card.name, { name: earlier.name, url: withoutCredentials(earlier.config.url) }, why);
    }
    return null;
  }

  /** Prompts of other cards were seen in this one's queue. They prove it where those cards' queues have them too. */
  saw(card: NamedServer, prompts: readonly StrayPrompt[]): void {
    for (const { promptId, gpu } of prompts) {
      const other = this.cards().find(({ name }) => name === gpu);
      const queue = other?.snapshot.queue;
      const isThere = queue && [...queue.queue_running, ...queue.queue_pending].some((item) => item[1] === promptId);
      if (other !== undefined && isThere)
        this.note(card, other, 'a prompt that was sent to one is in the queue of both');
    }
  }

  private whySame(one: NamedServer, other: NamedServer): string | undefined {
    const shown = this.shown.get(pairOf(one, other));
    if (shown?.boots === bootsOf(one, other)) return shown.why;
    const [traits, others] = [one.server.traits, other.server.traits];
    const known = this.compared.get(traits)?.get(others);
    if (known !== undefined) return known.why;
    const why = whySameServer(traits, others);
    const row = this.compared.get(traits) ?? new WeakMap<ServerTraits, { why: string | undefined }>();
    this.compared.set(traits, row.set(others, { why }));
    // Before they were read nothing is certain yet.
    if (why !== undefined && one.server.boots > 0 && other.server.boots > 0) this.note(one, other, why);
    return why;
  }

  private note(one: NamedServer, other: NamedServer, why: string): void {
    this.shown.set(pairOf(one, other), { boots: bootsOf(one, other), why });
  }
}

const ordered = (one: NamedServer, other: NamedServer): [NamedServer, NamedServer] =>
  one.name < other.name ? [one, other] : [other, one];
const pairOf = (one: NamedServer, other: NamedServer): string =>
  ordered(one, other)
    .map(({ name }) => name)
    .join(' ');
const bootsOf = (one: NamedServer, other: NamedServer): string =>
  ordered(one, other)
    .map(({ server }) => server.boots)
    .join(' ');
