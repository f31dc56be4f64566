// Real: every process of a Tower, and kill -9. Simulated: the cards; played: a decoder that crashes on one picture. The
// launcher starts quality again without pauses that grow.
import { setTimeout as sleep } from 'node:timers/promises';
import { routes } from '@tower/contracts';
import { waitFor } from '@tower/testing';
import { deadly, DeadlyTower } from './deadly-files';

const innocents = 12;
const kills = 16;

describe(`quality killed ${kills} times, each time right after it was given messages`, () => {
  let drill: DeadlyTower;

  beforeAll(async () => {
    drill = await DeadlyTower.start({ quickRestarts: true });
  }, 120_000);
  afterAll(() => drill.tower.remove());

  it(`gives all ${innocents} waiting pictures their verdict, and one that kills its decoder a failed one`, async () => {
    const { tower } = drill;
    drill.holdDecoders();
    const prompts = Array.from({ length: innocents + 1 }, (_, n) =>
      n === 5 ? `picture ${n} ${deadly}` : `picture ${n}`,
    );
    const ids = await drill.ask(prompts);
    for (let n = 1; n <= kills; n++) {
      await waitFor(() => drill.qualityDecodes(), {
        timeoutMs: 60_000,
        describe: `quality to be given messages (${n})`,
      });
      // Past the note that the file is being decoded.
      await sleep(150);
      await tower.untilRestarted('quality', tower.signal('quality', 'SIGKILL'));
    }
    drill.letGo();
    const jobs = await drill.ended(ids, 240_000);
    expect(jobs.map((job) => job.status)).toEqual(
      prompts.map((prompt) => (prompt.includes(deadly) ? 'rejected' : 'completed')),
    );
    // What a card was sent ahead may go to the other one before it begins.
    const begun = jobs.map((job) => job.tasks[0]?.attempts.filter(({ outcome }) => !/^taken back/.test(outcome ?? '')));
    for (const attempts of begun) expect(attempts).toHaveLength(1);
    expect((await tower.api.call(routes.getHealth, {})).status).toMatch(/ok|degraded/);
  }, 600_000);
});
