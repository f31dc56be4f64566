// Real: every process of a Tower. Simulated: the cards; played: a decoder that crashes on one picture.
import { routes } from '@tower/contracts';
import { deadly, DeadlyTower } from './deadly-files';

describe('a picture that its decoder dies of', () => {
  let drill: DeadlyTower;

  beforeAll(async () => {
    drill = await DeadlyTower.start();
  }, 120_000);
  afterAll(() => drill.tower.remove());

  it('is rejected with a reason; its neighbours pass, and no service ends', async () => {
    const { tower } = drill;
    const services = { quality: tower.pidOf('quality'), rendering: tower.pidOf('rendering') };
    drill.holdDecoders();
    const prompts = ['one', 'two', `three ${deadly}`, 'four', 'five', 'six'];
    const ids = await drill.ask(prompts);
    drill.letGo();
    const jobs = await drill.ended(ids, 60_000);
    expect(jobs.map((job) => job.status)).toEqual(
      prompts.map((prompt) => (prompt.includes(deadly) ? 'rejected' : 'completed')),
    );

    const { attempts } = await tower.api.call(routes.getJobQuality, { params: { id: ids[2] ?? '' } });
    expect(attempts).toHaveLength(1);
    expect(attempts[0]?.scores).toContainEqual({
      state: 'not_computed',
      metric: 'file_integrity',
      reason: 'decode_failed',
    });
    expect(
      tower.log().filter((line) => String(line['msg']).includes("decoder's process ended (SIGKILL)")),
    ).toHaveLength(2);
    expect({ quality: tower.pidOf('quality'), rendering: tower.pidOf('rendering') }).toEqual(services);
    expect(await tower.api.call(routes.getStatus, {})).toMatchObject({ dead_letters: [] });
    // Every service answers for its own.
    expect(await tower.api.call(routes.listDeadLetters, {})).toEqual({ items: [], silent: [] });
    expect((await tower.api.call(routes.redriveDeadLetters, { body: { ids: [ids[0] ?? ''] } })).items).toMatchObject([
      { outcome: 'unknown' },
    ]);
  }, 120_000);
});
