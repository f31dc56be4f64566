import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@tower/kit';
import { parse } from 'yaml';
import { z } from 'zod';
import { listedMetrics, type ListedMetric } from './metrics-page';
import { namedIn, type Matcher } from './promql';

const deploy = (...path: string[]): string => join(repositoryRoot, 'deploy', ...path);
const read = (...path: string[]): string => readFileSync(deploy(...path), 'utf8');

/** What Prometheus itself says of each process that it asks, and which labels it adds to whatever it is told. */
const ofPrometheus = new Map<string, ListedMetric>([['up', { type: 'gauge', labels: {} }]]);
const everywhere = ['job', 'instance', 'service'];
const listed = new Map([...listedMetrics(), ...ofPrometheus]);

const datasource = z.object({ type: z.literal('prometheus'), uid: z.string() });
const target = z.object({ datasource, expr: z.string(), legendFormat: z.string() });
const place = z.object({ x: z.int().min(0), y: z.int().min(0), w: z.int().min(1).max(24), h: z.int().min(1) });
const panel = z.object({
  id: z.int(),
  title: z.string().min(1),
  type: z.enum(['row', 'stat', 'timeseries']),
  gridPos: place,
  targets: z.array(target).optional(),
});
const dashboard = z.object({
  uid: z.string().regex(/^tower-[a-z-]+$/),
  title: z.string().startsWith('Tower: '),
  panels: z.array(panel),
  templating: z.object({
    list: z.array(z.object({ name: z.string(), datasource, query: z.object({ query: z.string() }) })),
  }),
});
const alerts = z.object({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^Tower[A-Za-z]+$/),
          expr: z.string(),
          for: z
            .string()
            .regex(/^\d+[mh]$/)
            .optional(),
          labels: z.strictObject({ severity: z.enum(['critical', 'warning', 'info']) }),
          annotations: z.strictObject({ summary: z.string().min(10), description: z.string().min(10) }),
        }),
      ),
    }),
  ),
});

/** A metric as it is asked for, with its labels; undefined where the page has none of this name. */
function metricOf(name: string): ListedMetric | undefined {
  const histogram = listed.get(name.replace(/_(bucket|sum|count)$/, ''));
  if (histogram?.type !== 'histogram') return listed.get(name);
  if (listed.has(name)) return undefined;
  return name.endsWith('_bucket') ? { ...histogram, labels: { ...histogram.labels, le: '' } } : histogram;
}

const has = ({ labels }: ListedMetric, label: string): boolean => label in labels || everywhere.includes(label);

/** What is wrong with the condition, by the values that the label may have. */
function faultOfValue({ labels }: ListedMetric, { label, operator, value }: Matcher): string | undefined {
  const meaning = labels[label];
  if (meaning === undefined || typeof meaning === 'string' || value.startsWith('$')) return undefined;
  const isPattern = operator.endsWith('~');
  const asked = isPattern ? value.split('|') : [value];
  const unknown = asked.filter(
    (one) => !meaning.some((known) => (isPattern ? RegExp(`^(?:${one})$`).test(known) : known === one)),
  );
  return unknown.length === 0 ? undefined : `${label} is never ${unknown.join(' nor ')}`;
}

/** Everything that a question names and nobody counts; `shown` are the labels that are written beside the answer. */
function faultsOf(question: string, shown: readonly string[] = []): string[] {
  const { selectors, groupings } = namedIn(question);
  if (selectors.length === 0) return [`${question} asks for no metric`];
  const faults = selectors.flatMap(({ metric, matchers }) => {
    const known = metricOf(metric);
    if (known === undefined) return [`there is no metric ${metric}`];
    const strange = [...groupings, ...matchers.map(({ label }) => label)].filter((label) => !has(known, label));
    return [
      ...strange.map((label) => `${metric} has no label ${label}`),
      ...matchers.flatMap((matcher) => faultOfValue(known, matcher) ?? []),
    ];
  });
  const kept = (label: string): boolean =>
    groupings.length > 0
      ? groupings.includes(label)
      : selectors.every(({ metric }) => has(metricOf(metric) ?? { type: 'gauge', labels: {} }, label));
  return [...faults, ...shown.filter((label) => !kept(label)).map((label) => `${label} is not in the answer`)];
}

const inBraces = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map((match) => match[1] ?? '');

describe('what a question names', () => {
  it.each([
    ['a metric that nobody counts', 'sum(rendering_unicorns)', 'there is no metric rendering_unicorns'],
    ['a histogram as a whole', 'rendering_attempt_seconds', 'there is no metric rendering_attempt_seconds'],
    [
      'a part that a counter has not',
      'rendering_tasks_queued_bucket',
      'there is no metric rendering_tasks_queued_bucket',
    ],
    [
      'a label that it groups by',
      'sum by (card) (rendering_gpu_busy_share)',
      'rendering_gpu_busy_share has no label card',
    ],
    ['a label of a condition', 'bus_outbox_depth{stream="X"}', 'bus_outbox_depth has no label stream'],
    ['a value that there is not', 'quality_verdicts_total{verdict="good"}', 'verdict is never good'],
    ['a pattern that fits nothing', 'quality_verdicts_total{verdict=~"pass.*|good"}', 'verdict is never good'],
    ['nothing', '1 + vector(0)', '1 + vector(0) asks for no metric'],
  ])('%s', (_, question, fault) => {
    expect(faultsOf(question).join()).toBe(fault);
  });

  it('and does not answer with', () => {
    expect(faultsOf('sum by (gpu) (rendering_gpu_busy_share)', ['service'])).toEqual(['service is not in the answer']);
    expect(faultsOf('rendering_gpu_busy_share > 0.5', ['gpu', 'service'])).toEqual([]);
  });

  it.each(['sum(up', 'up)', '{job="x"}', 'sum by gpu (up)', 'up{job=x}', 'up ; up'])(
    'is not read from %s',
    (broken) => {
      expect(() => faultsOf(broken)).toThrow(broken);
    },
  );
});

const names = readdirSync(deploy('grafana', 'dashboards'));

describe('deploy/grafana', () => {
  it('has a dashboard for each part of Tower', () => {
    expect(names.sort()).toEqual([
      'cards.json',
      'estimates-and-planner.json',
      'quality.json',
      'queue-and-jobs.json',
      'services.json',
    ]);
  });

  it.each(names)('%s asks only for metrics, labels and values of docs/metrics.md', (name) => {
    const { panels, templating } = dashboard.parse(JSON.parse(read('grafana', 'dashboards', name)));
    const asked = panels.flatMap(({ title, targets = [] }) =>
      targets.flatMap(({ expr, legendFormat }) =>
        faultsOf(expr, inBraces(legendFormat, /\{\{\s*(\w+)\s*\}\}/g)).map((fault) => `${title}: ${fault}`),
      ),
    );
    expect(asked).toEqual([]);
    const variables = new Set(templating.list.map((variable) => variable.name));
    for (const { query } of templating.list) {
      const [, metric = '', label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(query.query) ?? [];
      expect(metricOf(metric)?.labels).toHaveProperty(label);
    }
    const used = panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => inBraces(expr, /\$(\w+)/g)));
    expect(used.filter((variable) => !variable.startsWith('__') && !variables.has(variable))).toEqual([]);
  });

  it.each(names)('%s draws each panel at a place of its own, from the data source that is provisioned', (name) => {
    const { uid, panels, templating } = dashboard.parse(JSON.parse(read('grafana', 'dashboards', name)));
    expect(uid).toBe(`tower-${name.replace('.json', '')}`);
    const { datasources } = parse(read('grafana', 'provisioning', 'datasources', 'tower.yaml')) as {
      datasources: { uid: string }[];
    };
    const asked = [...panels.flatMap(({ targets = [] }) => targets), ...templating.list];
    expect(asked.filter((one) => !datasources.some((source) => source.uid === one.datasource.uid))).toEqual([]);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const { gridPos, type, targets = [] } of panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      expect(targets.length > 0).toBe(type !== 'row');
    }
  });
});

describe('deploy/alerts.yml', () => {
  const rules = alerts.parse(parse(read('alerts.yml'))).groups.flatMap((group) => group.rules);

  it.each(rules.map((rule) => [rule.alert, rule] as const))('%s asks only for what is counted', (_, rule) => {
    const told = `${rule.annotations.summary} ${rule.annotations.description}`;
    expect(faultsOf(rule.expr, inBraces(told, /\$labels\.(\w+)/g))).toEqual([]);
  });

  it('has each name once, and one for whatever stops the work', () => {
    const all = rules.map(({ alert }) => alert);
    expect(new Set(all).size).toBe(all.length);
    expect(all).toEqual(
      expect.arrayContaining([
        'TowerProcessDown',
        'TowerNobodyGivesOutWork',
        'TowerDeadLetters',
        'TowerNoCardTakesWork',
        'TowerDiskFull',
        'TowerPromisesBroken',
      ]),
    );
  });

  it('is what Prometheus reads, in the folder where Compose puts it', () => {
    const { rule_files: files } = parse(read('prometheus.yml')) as { rule_files: string[] };
    expect(files).toEqual(['alerts.yml']);
    const { services } = parse(readFileSync(join(repositoryRoot, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
      services: Record<string, { volumes: string[] }>;
    };
    expect(services['prometheus']?.volumes).toContain('./deploy/alerts.yml:/etc/prometheus/alerts.yml:ro');
  });
});
