import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What a label may hold: all its values, or a sentence that says what it names and so how many values there are. */
export type LabelMeaning = readonly string[] | string;

/** Each label of a metric by its name. Every value is a time series of its own, so there must not be many. */
export type LabelMeanings = Readonly<Record<string, LabelMeaning>>;

/** Labels as they are counted: what is declared with its values takes no other, which the compiler checks. */
export type LabelValues<Labels> = {
  readonly [Label in keyof Labels]: Labels[Label] extends readonly (infer Value)[] ? Value : string | number;
};

/** The unit is the end of the name: `_seconds`, `_bytes`, `_ratio` (1 is all), else things; `_total` with a counter. */
export interface MetricDeclaration {
  readonly name: string;
  /** One sentence, for Prometheus and docs/metrics.md. */
  readonly help: string;
}

type Labelled<Labels> = MetricDeclaration & { readonly labels: Labels };
type MaybeLabelled = MetricDeclaration & { readonly labels?: LabelMeanings };
/** `buckets`: upper bounds, rising. */
type Distribution = MetricDeclaration & { readonly buckets: readonly number[] };

export interface LabelledCounter<Labels> {
  inc(labels: LabelValues<Labels>, by?: number): void;
}

export interface LabelledGauge<Labels> {
  inc(labels: LabelValues<Labels>, by?: number): void;
  dec(labels: LabelValues<Labels>, by?: number): void;
  set(labels: LabelValues<Labels>, value: number): void;
}

export interface LabelledHistogram<Labels> {
  observe(labels: LabelValues<Labels>, value: number): void;
}

/** A class that declares metrics when it is made, which happens once in a process. */
export type MetricsClass = new (metrics: Metrics) => object;

/**
 * One registry per process; metrics are declared once, in `<service>.metrics.ts`. docs/metrics.md is written from what
 * is declared.
 *
 * @throws Error when two metrics have one name.
 */
export class Metrics {
  readonly registry = new Registry();
  private readonly meanings = new Map<string, LabelMeanings>();

  constructor(service: string) {
    this.registry.setDefaultLabels({ service });
    collectDefaultMetrics({ register: this.registry });
  }

  counter(config: MetricDeclaration): Counter<never>;
  counter<const Labels extends LabelMeanings>(config: Labelled<Labels>): LabelledCounter<Labels>;
  counter({ labels, ...config }: MaybeLabelled): Counter {
    return new Counter({ ...config, ...this.registered(config, labels) });
  }

  gauge(config: MetricDeclaration): Gauge<never>;
  gauge<const Labels extends LabelMeanings>(config: Labelled<Labels>): LabelledGauge<Labels>;
  gauge({ labels, ...config }: MaybeLabelled): Gauge {
    return new Gauge({ ...config, ...this.registered(config, labels) });
  }

  histogram(config: Distribution): Histogram<never>;
  histogram<const Labels extends LabelMeanings>(config: Distribution & Labelled<Labels>): LabelledHistogram<Labels>;
  histogram({ labels, buckets, ...config }: Distribution & MaybeLabelled): Histogram {
    return new Histogram({ ...config, ...this.registered(config, labels), buckets: [...buckets] });
  }

  /** What the labels of a metric of ours may hold; empty for those that Node's runtime brings. */
  meaningsOf(name: string): LabelMeanings {
    return this.meanings.get(name) ?? {};
  }

  private registered({ name }: MetricDeclaration, labels: LabelMeanings = {}) {
    this.meanings.set(name, labels);
    return { labelNames: Object.keys(labels), registers: [this.registry] };
  }
}

/** Seconds, from a millisecond to ten minutes. */
export const secondsBuckets = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600,
];
