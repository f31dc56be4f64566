// Real: five services as processes, NATS, PostgreSQL. The long one (npm run test:long) sends 50,000.
import { hostileTrafficDrill } from './hostile-traffic-drill';

it('leaves every process as it was after 2,000 hostile messages', async () => {
  const sent = await hostileTrafficDrill({ messages: 2_000, huge: 8, seed: 1 });
  for (const kind of ['question', 'event', 'command', 'progress', 'heartbeat', 'answer', 'answer in time', 'advisory'])
    expect(sent[kind]).toBeGreaterThan(10);
}, 240_000);
