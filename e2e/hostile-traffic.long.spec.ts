// Real: five services as processes, NATS, PostgreSQL.
import { hostileTrafficDrill } from './hostile-traffic-drill';

it(
  'leaves every process as it was after 50,000 hostile messages',
  async () => {
    const sent = await hostileTrafficDrill({ messages: 50_000, huge: 60, seed: 20_261_130 });
    expect(Object.values(sent).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(50_000);
  },
  20 * 60_000,
);
