/** What an attempt computes, as far as its time depends on it. */
export interface TimedWork {
  gpu: string;
  /** Workflow with the changes of its graph: what of it is computed alike. */
  kind: string;
  /** Key of the set of models that it loads. */
  models: string;
  /** Millions of pixels of all frames together. */
  megapixels: number;
  /** Passes through the model: steps, twice as many where each is computed with and without the prompt. */
  passes: number;
  /** Of these, how many make one step. */
  passesPerStep?: number;
  /** Keys of the models that are not in the card's memory, sorted, a line each; empty when it is warm. */
  missing: string;
}

export const isCold = ({ missing }: Pick<TimedWork, 'missing'>): boolean => missing !== '';

/** What an attempt took. Parts that could not be told apart are null. Seconds. */
export interface TimedAttempt extends TimedWork {
  /** Loading; 0 when warm. */
  load: number | null;
  /** One pass. */
  pass: number | null;
  /** Everything else: text, decoding, saving. */
  fixed: number | null;
  /** All of it. */
  seconds: number;
}

/** What is said of work that nobody has measured, in seconds; and where that comes from. */
export interface TimePrior {
  load: number;
  passPerMegapixel: number;
  fixed: number;
  basis: string;
}

/** A value with its standard deviation. */
export interface Uncertain {
  value: number;
  sd: number;
}

/** What is computed alike with the same models, on whatever card. */
export const workKey = ({ kind, models }: TimedWork): string => `${kind}\n${models}`;

/** Of something that is kept by work and by card. */
export class ByWorkAndCard<Value> {
  private readonly values = new Map<string, Map<string, Value>>();

  constructor(
    private readonly make: () => Value,
    private readonly keyOf: (work: TimedWork) => string = workKey,
  ) {}

  /** What is kept of the work on its card; made when there is nothing. */
  of(work: TimedWork): Value {
    const cards = this.values.get(this.keyOf(work)) ?? new Map<string, Value>();
    const value = cards.get(work.gpu) ?? this.make();
    cards.set(work.gpu, value);
    this.values.set(this.keyOf(work), cards);
    return value;
  }

  /** Undefined where nothing was made yet. */
  peek(work: TimedWork): Value | undefined {
    return this.values.get(this.keyOf(work))?.get(work.gpu);
  }

  /** The same work on other cards. */
  elsewhere(work: TimedWork): [gpu: string, value: Value][] {
    return [...(this.values.get(this.keyOf(work)) ?? [])].filter(([gpu]) => gpu !== work.gpu);
  }

  /** What the card has of other work whose key begins alike. */
  related(work: TimedWork, prefix: string): Value[] {
    return [...this.values].flatMap(([key, cards]) => {
      const value = key.startsWith(prefix) ? cards.get(work.gpu) : undefined;
      return value === undefined ? [] : [value];
    });
  }

  /** What both cards have of the same work, pair by pair. */
  *shared(gpu: string, other: string): Iterable<[ours: Value, theirs: Value]> {
    for (const cards of this.values.values()) {
      const [ours, theirs] = [cards.get(gpu), cards.get(other)];
      if (ours !== undefined && theirs !== undefined) yield [ours, theirs];
    }
  }
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Middle value; mean of the two middle ones for an even count. At least one. */
export function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] as number) + upper) / 2;
}
