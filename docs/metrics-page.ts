import { BusMetrics } from '@tower/bus';
import { serviceNames, type ServiceName } from '@tower/contracts';
import { DatabaseMetrics } from '@tower/db';
import { Metrics, type LabelMeanings, type MetricsClass } from '@tower/kit';
import { DiskMetrics } from '@tower/library';
import { z } from 'zod';
import { EchoBridgeMetrics } from '../apps/echo-bridge/src/echo-bridge.metrics';
import { FeedMetrics, HttpMetrics } from '../apps/gateway/src/gateway.metrics';
import { QualityMetrics } from '../apps/quality/src/quality.metrics';
import { RenderingMetrics } from '../apps/rendering/src/rendering.metrics';

/** What declares a metric, by the process in which it is made once. */
const ofEveryService: readonly MetricsClass[] = [BusMetrics, DatabaseMetrics];
const ofOneService: Record<ServiceName, readonly MetricsClass[]> = {
  gateway: [HttpMetrics, FeedMetrics],
  projects: [],
  characters: [],
  rendering: [RenderingMetrics, DiskMetrics],
  quality: [QualityMetrics],
  'echo-bridge': [EchoBridgeMetrics],
};

/** The parts of prom-client's metrics that its types leave out. */
const description = z.object({
  name: z.string(),
  help: z.string(),
  type: z.enum(['counter', 'gauge', 'histogram', 'summary']),
  labelNames: z.array(z.string()),
});
type Description = z.infer<typeof description>;

function registryOf(service: ServiceName, classes: readonly MetricsClass[]): Metrics {
  const metrics = new Metrics(service);
  for (const Declaring of classes) new Declaring(metrics);
  return metrics;
}

/** The registry of a running process of this service, without anything else of it. */
export const metricsOf = (service: ServiceName): Metrics =>
  registryOf(service, [...ofEveryService, ...ofOneService[service]]);

const describe = (metrics: Metrics): Description[] =>
  metrics.registry.getMetricsAsArray().map((metric) => description.parse(metric));

/** Names of all metrics of a process, in the order in which they are declared. */
export const metricNames = (metrics: Metrics): string[] => describe(metrics).map(({ name }) => name);

/** A metric that is on the page, as far as a question to Prometheus depends on it. */
export interface ListedMetric {
  type: Description['type'];
  /** What each of its labels may hold. */
  labels: LabelMeanings;
}

/** Every metric of the page by its name, those of Node's runtime among them. */
export function listedMetrics(): ReadonlyMap<string, ListedMetric> {
  const listed = serviceNames.flatMap((service) => {
    const metrics = metricsOf(service);
    return describe(metrics).map(({ name, type, labelNames }): [string, ListedMetric] => {
      const meanings = metrics.meaningsOf(name);
      return [name, { type, labels: Object.fromEntries(labelNames.map((label) => [label, meanings[label] ?? ''])) }];
    });
  });
  return new Map(listed);
}

/** The unit, which is the end of a name. */
function unitOf(name: string): string {
  const unit = /_(seconds|bytes|ratio)(_total)?$/.exec(name)?.[1];
  return unit === undefined ? 'number' : unit === 'ratio' ? 'ratio, 1 is all' : unit;
}

function labelText(metrics: Metrics, { name, labelNames }: Description): string {
  const meanings = metrics.meaningsOf(name);
  return labelNames
    .map((label) => {
      const meaning = meanings[label];
      if (meaning === undefined) return `\`${label}\``;
      const words = typeof meaning === 'string' ? meaning : meaning.map((value) => `\`${value}\``).join(', ');
      return `\`${label}\`: ${words}`;
    })
    .join('<br/>');
}

function table(metrics: Metrics, known: ReadonlySet<string>): string[] {
  const rows = describe(metrics)
    .filter(({ name }) => !known.has(name))
    .map(
      (metric) =>
        `| \`${metric.name}\` | ${metric.type} | ${unitOf(metric.name)} | ` +
        `${metric.help} | ${labelText(metrics, metric)} |`,
    );
  return rows.length === 0
    ? ['None of its own.']
    : ['| metric | type | unit | means | labels |', '|---|---|---|---|---|', ...rows];
}

const introduction = `# Metrics

Written by \`docs/write-metrics.ts\` from what the code declares; \`npm run drift\` writes it anew, and a spec \
fails while it differs. What the numbers
of pictures and films mean is in [scores.md](scores.md).

Each process answers \`/metrics\` on its operations port ([ADR 6](adr/0006-ops-port-per-process.md)); the ports \
stand in \`.tower/prometheus-targets.json\`, with Docker in
\`deploy/prometheus.yml\`. Every metric has the label \`service\`, the name of the process. A histogram has \
\`_bucket\`, \`_sum\` and \`_count\`. A metric with labels shows
a combination of them from its first count on.`;

/** docs/metrics.md as the code has it. What Node's runtime says is that of Linux: other systems have less of it. */
export function metricsPage(): string {
  const runtime = registryOf('gateway', []);
  const every = registryOf('gateway', ofEveryService);
  const runtimeNames = new Set(metricNames(runtime));
  const everyName = new Set(metricNames(every));
  return [
    introduction,
    '',
    '## Every service',
    '',
    ...table(every, runtimeNames),
    ...serviceNames.flatMap((service) => ['', `## \`${service}\``, '', ...table(metricsOf(service), everyName)]),
    '',
    '## Every service: the process itself',
    '',
    'Declared by prom-client, as on Linux; other systems have fewer of them.',
    '',
    ...table(runtime, new Set()),
    '',
  ].join('\n');
}
