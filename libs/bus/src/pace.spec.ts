import { setTimeout as sleep } from 'node:timers/promises';
import { Pace } from './pace';

/** Milliseconds from one answer's end, after work of 10 ms, until the next one may begin. */
async function restOf(pace: Pace): Promise<number> {
  const end = await pace.begin();
  await sleep(10);
  end();
  const endedAtMs = performance.now();
  (await pace.begin())();
  return performance.now() - endedAtMs;
}

/** Whether the next answer may begin at once: before a timer that is set at the same time. */
const beginsAtOnce = (pace: Pace): Promise<boolean> =>
  Promise.race([pace.begin().then(() => true), sleep(15).then(() => false)]);

describe('Pace', () => {
  it('leaves a busy event loop to other work for four times as long as an answer took', async () => {
    // Timers may fire a millisecond early.
    expect(await restOf(new Pace(() => 0.9))).toBeGreaterThanOrEqual(35);
  });

  it('holds up nothing while the loop is idle', async () => {
    const pace = new Pace(() => 0.1);
    (await pace.begin())();
    expect(await beginsAtOnce(pace)).toBe(true);
  });

  it('counts the loop as busy until it is clearly idle again', async () => {
    const loads = [0.9, 0.5, 0.2];
    const pace = new Pace(() => loads.shift() ?? 0);
    (await pace.begin())();
    expect(await beginsAtOnce(pace)).toBe(false);
    await sleep(250);
    expect(await beginsAtOnce(pace)).toBe(true);
  });
});
