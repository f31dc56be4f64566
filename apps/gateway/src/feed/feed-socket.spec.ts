import { EventEmitter } from 'node:events';
import { createLogger, Metrics } from '@tower/kit';
import { WebSocket } from 'ws';
import { FeedMetrics } from '../gateway.metrics';
import { FeedSocket } from './feed-socket';

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

describe('FeedSocket', () => {
  let socket: FakeSocket;
  let metrics: Metrics;
  let client: FeedSocket;

  beforeEach(async () => {
    socket = new FakeSocket();
    metrics = new Metrics('gateway');
    const source = { jobId: undefined, bounds: () => Promise.resolve({ latest: 0, oldest: 0 }), readAfter: () => Promise.resolve([]), job: undefined };
    client = new FeedSocket(socket as unknown as WebSocket, source, new FeedMetrics(metrics), createLogger('gateway', 'silent'));
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

  it('tells nothing that it has told before', () => {
    client.take(2, 'second');
    client.take(1, 'first');
    client.take(2, 'second');
    client.take(3, 'third');
    expect(socket.sent).toEqual(['second', 'third']);
  });
});
