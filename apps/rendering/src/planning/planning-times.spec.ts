import { Metrics } from '@tower/kit';
import { RenderingMetrics } from '../rendering.metrics';
import { PlanningTimes } from './planning-times';

it('says nothing before there was anything to plan', () => {
  expect(new PlanningTimes(new RenderingMetrics(new Metrics('rendering'))).view()).toBeNull();
});

it('tells how many looks there were and how long they took, by nearest rank, and counts them', async () => {
  const metrics = new Metrics('rendering');
  const times = new PlanningTimes(new RenderingMetrics(metrics));
  for (let n = 100; n >= 1; n--) times.planned(n / 1_000);
  expect(times.view()).toEqual({ looks: 100, planning_seconds: { p50: 0.05, p99: 0.099 }, booking_seconds: null });
  times.booked(0.004);
  expect(times.view()).toMatchObject({ booking_seconds: { p50: 0.004, p99: 0.004 } });
  for (const [name, count] of [
    ['rendering_planning_seconds', 100],
    ['rendering_booking_seconds', 1],
  ] as const)
    expect(await metrics.registry.getSingleMetricAsString(name)).toMatch(
      new RegExp(`^${name}_count\\S* ${count}$`, 'm'),
    );
});

it('speaks of the last thousand looks alone', () => {
  const times = new PlanningTimes(new RenderingMetrics(new Metrics('rendering')));
  for (let n = 0; n < 1_000; n++) times.planned(9);
  for (let n = 0; n < 1_000; n++) times.planned(1);
  expect(times.view()).toMatchObject({ looks: 2_000, planning_seconds: { p50: 1, p99: 1 } });
});
