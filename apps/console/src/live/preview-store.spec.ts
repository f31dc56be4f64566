import { PreviewStore } from './preview-store';

const preview = (job_id: string, text: string) => ({
  job_id,
  gpu: 'a',
  media_type: 'image/jpeg',
  image: Buffer.from(text).toString('base64'),
});

describe('previews', () => {
  let open: Set<string>;
  let wanted: boolean[];
  let store: PreviewStore;

  beforeEach(() => {
    [open, wanted] = [new Set(), []];
    const addresses = {
      make: (bytes: Uint8Array) => {
        const address = Buffer.from(bytes).toString();
        open.add(address);
        return address;
      },
      giveBack: (address: string) => void open.delete(address),
    };
    store = new PreviewStore(addresses, (isWanted) => wanted.push(isWanted));
  });

  it('are asked for while somebody looks, and no longer', () => {
    const leave = [store.subscribe('j', 'a', () => undefined), store.subscribe('k', 'a', () => undefined)];
    leave[0]?.();
    expect(wanted).toEqual([true]);
    leave[1]?.();
    expect(wanted).toEqual([true, false]);
  });

  it('are kept one for each job that is looked at, and given back when the next comes or the last has gone', () => {
    let told = 0;
    const leave = store.subscribe('j', 'a', () => (told += 1));
    store.put(preview('j', 'first'));
    store.put(preview('other', 'nobody looks'));
    store.put(preview('j', 'second'));
    expect([store.get('j', 'a'), told, [...open]]).toEqual(['second', 2, ['second']]);
    leave();
    expect([store.get('j', 'a'), open.size]).toEqual([undefined, 0]);
  });
});
