import { Metrics } from './metrics';

describe('Metrics', () => {
  it('counts by labels, and takes no value that was not declared', async () => {
    const metrics = new Metrics('test');
    const ended = metrics.counter({
      name: 'test_ended_total',
      help: 'What ended',
      labels: { gpu: 'the name of a card', outcome: ['rendered', 'lost'] },
    });
    ended.inc({ gpu: 'rtx3060', outcome: 'lost' }, 2);
    // @ts-expect-error: a value that docs/metrics.md would not list
    ended.inc({ gpu: 'rtx3060', outcome: 'mislaid' });
    // @ts-expect-error: a label is missing
    ended.inc({ gpu: 'rtx3060' });
    expect(await metrics.registry.getSingleMetricAsString('test_ended_total')).toContain(
      'test_ended_total{gpu="rtx3060",outcome="lost",service="test"} 2',
    );
  });

  it('knows what the labels of its own metrics mean', () => {
    const metrics = new Metrics('test');
    metrics.gauge({ name: 'test_open', help: 'What is open', labels: { feed: ['all', 'job'] } });
    expect(metrics.meaningsOf('test_open')).toEqual({ feed: ['all', 'job'] });
    expect(metrics.meaningsOf('nodejs_version_info')).toEqual({});
  });

  it('refuses a name that is taken', () => {
    const metrics = new Metrics('test');
    metrics.gauge({ name: 'test_open', help: 'What is open' });
    expect(() => metrics.gauge({ name: 'test_open', help: 'What else is open' })).toThrow(/already been registered/);
  });
});
