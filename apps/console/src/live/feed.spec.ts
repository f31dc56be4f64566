import type { FeedMessage } from '@tower/contracts';
import { LiveFeed, type Link, type Socket } from './feed';

const event = (seq: number): FeedMessage => ({
  type: 'event',
  seq,
  event: {
    id: `${seq}`,
    type: 'rendering.v1.job_queued',
    at: '',
    project_id: null,
    job_id: null,
    job_seq: null,
    data: {},
  },
});
const hello = (oldest: number, latest: number): FeedMessage => ({
  type: 'hello',
  version: '0',
  latest_seq: latest,
  oldest_seq: oldest,
});

describe('the live feed of the page', () => {
  let opened: (Socket & { path: string; isClosed: boolean })[];
  let timers: { atMs: number; call: () => void }[];
  let nowMs: number;
  let links: Link[];
  let caughtUp: boolean[];
  let seen: string[];
  let said: string[];
  let feed: LiveFeed;

  beforeEach(() => {
    [opened, timers, nowMs, links, caughtUp, seen, said] = [[], [], 0, [], [], [], []];
    feed = new LiveFeed(
      {
        open: (path) => {
          const socket = {
            path,
            isClosed: false,
            onmessage: null,
            onclose: null,
            close: () => (socket.isClosed = true),
            send: (text: string) => said.push(text),
          };
          opened.push(socket);
          return socket;
        },
        nowMs: () => nowMs,
        later: (delayMs, call) => {
          const timer = { atMs: nowMs + delayMs, call };
          timers.push(timer);
          return () => (timers = timers.filter((one) => one !== timer));
        },
      },
      {
        onLink: (link) => links.push(link),
        onEvent: ({ id }) => seen.push(id),
        onProgress: () => undefined,
        onPreview: ({ step }) => seen.push(`step ${step}`),
        onCaughtUp: (missed) => caughtUp.push(missed),
      },
    );
    feed.start();
  });

  const newest = () => {
    const socket = opened.at(-1);
    if (socket === undefined) throw new Error('nothing was opened');
    return socket;
  };
  const say = (...messages: FeedMessage[]): void =>
    messages.forEach((message) => newest().onmessage?.({ data: JSON.stringify(message) }));
  const pass = (ms: number): void => {
    nowMs += ms;
    for (const timer of timers.filter(({ atMs }) => atMs <= nowMs)) {
      timers = timers.filter((one) => one !== timer);
      timer.call();
    }
  };

  it('comes back from the number of the last event on, and says meanwhile since when it is cut off', () => {
    say(hello(1, 7), { type: 'caught_up', seq: 7 }, event(8));
    expect([opened[0]?.path, links.at(-1)?.state]).toEqual(['/ws', 'live']);
    nowMs = 5_000;
    newest().onclose?.();
    expect(links.at(-1)).toEqual({ state: 'lost', sinceMs: 5_000, retryAtMs: 5_300 });
    pass(300);
    expect(newest().path).toBe('/ws?since=8');
    say(hello(1, 9), event(9), { type: 'caught_up', seq: 9 });
    expect([seen, links.at(-1)?.state, caughtUp]).toEqual([['8', '9'], 'live', [false, false]]);
  });

  it('says since when it is cut off, not since which try', () => {
    newest().onclose?.();
    pass(300);
    newest().onclose?.();
    expect(links.at(-1)).toMatchObject({ state: 'lost', sinceMs: 0 });
  });

  it('tells that something is missing when the feed begins behind what was seen last', () => {
    say(hello(1, 7), { type: 'caught_up', seq: 7 });
    newest().onclose?.();
    pass(300);
    say(hello(20, 30), { type: 'caught_up', seq: 30 });
    expect(caughtUp).toEqual([false, true]);
  });

  it('gives up a number that is not taken, and reads everything anew', () => {
    say(hello(1, 7), { type: 'caught_up', seq: 7 });
    for (let tries = 0; tries < 3; tries += 1) {
      newest().onclose?.();
      pass(5_000);
    }
    expect(newest().path).toBe('/ws');
    say(hello(1, 2), { type: 'caught_up', seq: 2 });
    expect(caughtUp).toEqual([false, true]);
  });

  it('takes a connection for failed that does not greet', () => {
    pass(8_000);
    expect([opened[0]?.isClosed, links.at(-1)?.state]).toEqual([true, 'lost']);
  });

  it('asks for previews once it is live, again after it was away, and no longer when nobody looks', () => {
    feed.wantPreviews(true);
    expect(said).toEqual([]);
    say(hello(1, 7), { type: 'caught_up', seq: 7 });
    newest().onclose?.();
    pass(300);
    say(hello(1, 7), { type: 'caught_up', seq: 7 });
    feed.wantPreviews(false);
    expect(said.map((text) => (JSON.parse(text) as { type: string }).type)).toEqual([
      'subscribe',
      'subscribe',
      'unsubscribe',
    ]);
  });

  it('opens nothing after it was stopped', () => {
    feed.stop();
    pass(60_000);
    feed.renew();
    expect([opened.length, newest().isClosed]).toEqual([1, true]);
  });
});
