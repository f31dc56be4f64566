import { EventEmitter } from 'node:events';
import { createLogger, Metrics } from '@tower/kit';
import { WebSocket } from 'ws';
import { FeedMetrics } from '../gateway.metrics';
import { asMessage } from './feed-broadcaster';
import { FeedSocket, type FeedSource } from './feed-socket';
import type { NumberedEvent } from './feed.service';

/** As much of a websocket as is asked of it here. */
class FakeSocket extends EventEmitter {
  readyState: number = WebSocket.OPEN;
  bufferedAmount = 0;
  sent: string[] = [];
  pings = 0;
  terminated = false;
  send(message: string): void {
    this.sent.push(message);
  }
  ping(): void {
    this.pings += 1;
  }
  terminate(): void {
    this.terminated = true;
  }
}

const anEvent = (seq: number): NumberedEvent => ({
  seq,
  event: {
    id: '01a1fbd7-c04b-718d-89fc-06181ab1a4b8',
    type: 'projects.v1.project_updated',
    at: '2026-11-21T02:03:03.115Z',
    project_id: null,
    job_id: null,
    job_seq: null,
    data: {},
  },
});
const seqOf = (message: string): unknown => {
  const { type, seq } = JSON.parse(message) as { type: string; seq?: number };
  return type === 'event' ? seq : type;
};

describe('a reader that goes live', () => {
  it('is told once, and in order, what happens around that moment', async () => {
    const socket = new FakeSocket();
    const told = (seq: number): void => client.take(seq, asMessage({ type: 'event', ...anEvent(seq) }));
    let joined = false;
    const source: FeedSource = {
      jobId: undefined,
      job: undefined,
      bounds: () => Promise.resolve({ latest: 1, oldest: 1 }),
      readAfter: (cursor) => {
        if (!joined) return Promise.resolve([1].filter((seq) => seq > cursor).map(anEvent));
        // Event 2 was committed before the hub knew this reader; the hub tells 3, which can be read as well, and 4,
        // which cannot yet.
        told(3);
        told(4);
        return Promise.resolve([2, 3].filter((seq) => seq > cursor).map(anEvent));
      },
    };
    const client = new FeedSocket(
      socket as unknown as WebSocket,
      source,
      new FeedMetrics(new Metrics('gateway')),
      createLogger('gateway', 'silent'),
    );
    await client.serve(0, () => (joined = true));
    told(5);
    expect(socket.sent.map(seqOf)).toEqual(['hello', 1, 2, 3, 'caught_up', 4, 5]);
  });
});

describe('FeedSocket', () => {
  let socket: FakeSocket;
  let metrics: Metrics;
  let client: FeedSocket;
  const source: FeedSource = {
    jobId: undefined,
    bounds: () => Promise.resolve({ latest: 0, oldest: 0 }),
    readAfter: () => Promise.resolve([]),
    job: undefined,
  };

  beforeEach(async () => {
    socket = new FakeSocket();
    metrics = new Metrics('gateway');
    client = new FeedSocket(
      socket as unknown as WebSocket,
      source,
      new FeedMetrics(metrics),
      createLogger('gateway', 'silent'),
    );
    await client.serve(undefined, () => undefined);
    socket.sent = [];
  });

  it('drops a connection that answered neither of two pings', () => {
    client.ping();
    client.ping();
    expect([socket.pings, socket.terminated]).toEqual([2, false]);
    client.ping();
    expect([socket.pings, socket.terminated]).toEqual([2, true]);
  });

  it('keeps a connection that answers', () => {
    for (let round = 0; round < 10; round++) {
      client.ping();
      socket.emit('pong');
    }
    expect([socket.pings, socket.terminated]).toEqual([10, false]);
  });

  it('gives a slow reader events but no progress', async () => {
    socket.bufferedAmount = 1024 * 1024 + 1;
    client.takeProgress('progress');
    client.take(1, 'event');
    expect(socket.sent).toEqual(['event']);
    expect(await metrics.registry.getSingleMetricAsString('gateway_progress_dropped_total')).toContain(' 1');
  });

  it('gives a slow reader progress but no preview, and only who has caught up gets one', async () => {
    client.takePreview('preview 1');
    socket.bufferedAmount = 64 * 1024 + 1;
    client.takePreview('preview 2');
    client.takeProgress('progress');
    expect(socket.sent).toEqual(['preview 1', 'progress']);
    expect(await metrics.registry.getSingleMetricAsString('gateway_previews_dropped_total')).toContain(' 1');
    const behind = new FeedSocket(
      socket as unknown as WebSocket,
      source,
      new FeedMetrics(new Metrics('gateway')),
      createLogger('gateway', 'silent'),
    );
    socket.bufferedAmount = 0;
    behind.takePreview('too early');
    expect(socket.sent).toEqual(['preview 1', 'progress']);
  });

  it('tells nothing that it has told before', () => {
    client.take(2, 'second');
    client.take(1, 'first');
    client.take(2, 'second');
    client.take(3, 'third');
    expect(socket.sent).toEqual(['second', 'third']);
  });
});
