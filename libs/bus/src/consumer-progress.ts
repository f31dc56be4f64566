import type { BusConnection } from './connection';

/**
 * The number in the stream up to which a durable consumer has settled every message: acknowledged it, or given it up.
 * Throws what the server says when there is no such stream or consumer.
 */
export async function settledThrough(bus: BusConnection, stream: string, durable: string): Promise<number> {
  const manager = await bus.nats.jetstreamManager();
  const { ack_floor, delivered, num_ack_pending } = await manager.consumers.info(stream, durable);
  // A message that ran out of deliveries leaves the floor where it was until another one is acknowledged.
  return num_ack_pending === 0 ? delivered.stream_seq : ack_floor.stream_seq;
}
