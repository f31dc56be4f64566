import { filesOf, type HistoryEntry } from '../contract/comfy-client';
import { picture } from '../contract/graphs';
import { SimBench } from '../contract/sim-bench';
import { startComfySim } from '../comfy-sim';
import { blake3 } from './blake3';

/** What is real here: the whole simulator on a port of its own, in this process. */
let bench: SimBench;
beforeEach(() => {
  bench = new SimBench();
});
afterEach(() => bench.close());

interface AssetView {
  readonly id: string;
  readonly name: string;
  readonly hash?: string;
  readonly job_id?: string;
  readonly tags: string[];
}
const idOf = (entry: HistoryEntry): string => String((filesOf(entry, '2')[0] as unknown as { id: string }).id);

describe('a server with assets', () => {
  it('names outputs by an id that a cached repeat keeps, and gives them to the later job', async () => {
    const { client } = await bench.start([], { generation: '0.33', assets: true });
    const first = await client.run(picture('asset'));
    const again = await client.post(picture('asset'));
    expect(idOf(await client.settled(again.promptId))).toBe(idOf(first));
    const { assets, total } = await client.json<{ assets: AssetView[]; total: number }>(
      '/api/assets?include_tags=output',
    );
    expect([total, assets[0]?.id, assets[0]?.job_id]).toEqual([1, idOf(first), again.promptId]);
  });

  it('finds uploads by their content, also after a restart', async () => {
    const { sim, client } = await bench.start([], { generation: '0.33', assets: true });
    const bytes = Buffer.from('not really a picture');
    const { asset } = (await (await client.upload('u.png', bytes)).json()) as {
      asset: { id: string; asset_hash: string };
    };
    expect(asset.asset_hash).toBe(`blake3:${blake3(bytes)}`);
    await sim.kill();
    const restarted = await startComfySim({ home: `${bench.home}/0`, timeScale: 0, generation: '0.33', assets: true });
    try {
      expect(await (await fetch(`${restarted.url}/view?filename=${asset.asset_hash}`)).text()).toBe(
        'not really a picture',
      );
      expect(((await (await fetch(`${restarted.url}/api/assets/${asset.id}`)).json()) as AssetView).tags).toEqual([
        'input',
        'uploaded',
      ]);
      expect(
        (await fetch(`${restarted.url}/api/assets/hash/blake3:${'0'.repeat(64)}`, { method: 'HEAD' })).status,
      ).toBe(404);
    } finally {
      await restarted.stop();
    }
  });

  it('refuses to speak of assets without the flag', async () => {
    const { client } = await bench.start([], { generation: '0.33' });
    expect((await client.fetch('/api/assets')).status).toBe(503);
    expect(filesOf(await client.run(picture('plain')), '2')[0]).toEqual({
      filename: 'plain_00001_.png',
      subfolder: '',
      type: 'output',
    });
  });
});
