import type { EntityManager } from 'typeorm';
import type { Sample } from './estimate';
import { newestLookIsFull, newestSamples, ofOneCard, samplesOf, type StoredSample } from './sample.queries';

interface Group {
  /** Settles when the first read is done. */
  ready: Promise<unknown>;
  /** Newest first. */
  samples: readonly StoredSample[];
}

const keyOf = (workflow: string, gpu: string): string => `${gpu}/${workflow}`;

/**
 * Measurements of the workflows and cards that were asked about, read once and then kept up by what is new, whoever
 * wrote it: what is new is small, what there is is not.
 */
export class SampleCache {
  private groups = new Map<string, Group>();
  private seen: ReadonlySet<string> = new Set();

  /** Newest first; empty for what was not learnt. */
  of(workflow: string, gpu: string): readonly Sample[] {
    return this.groups.get(keyOf(workflow, gpu))?.samples ?? [];
  }

  /** Learns what is not known of these workflows on these cards. */
  async learn(tx: EntityManager, workflows: Iterable<string>, gpus: readonly string[]): Promise<void> {
    const wanted = [...new Set(workflows)].flatMap((workflow) => gpus.map((gpu) => ({ workflow, gpu })));
    const unknown = wanted.filter(({ workflow, gpu }) => !this.groups.has(keyOf(workflow, gpu)));
    if (unknown.length > 0) this.read(tx, unknown);
    await Promise.all(wanted.flatMap(({ workflow, gpu }) => this.groups.get(keyOf(workflow, gpu))?.ready ?? []));
  }

  /** One read for all; those who ask for the same meanwhile wait for it. A failed read is not remembered. */
  private read(tx: EntityManager, pairs: { workflow: string; gpu: string }[]): void {
    const rows = samplesOf(tx, pairs);
    for (const { workflow, gpu } of pairs) {
      const key = keyOf(workflow, gpu);
      const group: Group = {
        samples: [],
        ready: rows.then((all) =>
          add(group, { older: all.filter((sample) => sample.workflow === workflow && sample.gpu === gpu) }),
        ),
      };
      group.ready.catch(() => this.groups.delete(key));
      this.groups.set(key, group);
    }
  }

  /** Brings everything known up to date. */
  async catchUp(tx: EntityManager): Promise<void> {
    const newest = await newestSamples(tx);
    const unseen = newest.filter((sample) => !this.seen.has(sample.attempt_id));
    this.seen = new Set(newest.map((sample) => sample.attempt_id));
    // More came than one look shows: what was missed is unknown.
    if (unseen.length === newest.length && newestLookIsFull(newest)) this.groups = new Map();
    // Oldest first, so that the newest ends up in front.
    for (const sample of unseen.reverse()) {
      const group = this.groups.get(keyOf(sample.workflow, sample.gpu));
      if (group) add(group, { newer: [sample] });
    }
  }
}

/** What a first read and a look at what is new both bring counts once. */
function add(
  group: Group,
  { newer = [], older = [] }: { newer?: readonly StoredSample[]; older?: readonly StoredSample[] },
): void {
  const byId = new Map([...newer, ...group.samples, ...older].map((sample) => [sample.attempt_id, sample] as const));
  group.samples = [...byId.values()].slice(0, ofOneCard);
}
