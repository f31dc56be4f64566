import type { JetStreamManager } from 'nats';
import type { DataSource } from 'typeorm';

/**
 * Finds what a stream lost (power loss before its fsync, a deleted store) by comparing it with the outbox, and marks those events as not yet
 * sent. Consumers drop repeats through their inbox. Returns how many were marked.
 */
export async function repairHighWater(db: DataSource, manager: JetStreamManager): Promise<number> {
  const streams: { stream: string; high: string }[] = await db.query('select stream, max(stream_seq) as high from outbox where stream_seq is not null group by stream');
  let marked = 0;
  for (const { stream, high } of streams) {
    const info = await manager.streams.info(stream);
    const common = await lastCommonSeq(db, manager, stream, Number(high), info.state.first_seq, info.state.last_seq);
    if (common >= Number(high)) continue;
    // What is older than the stream keeps anyway was not lost but aged out.
    const [, count]: [unknown, number] = await db.query(
      `update outbox set published_at = null, stream_seq = null
       where stream = $1 and stream_seq > $2 and created_at > now() - interval '7 days'`,
      [stream, common],
    );
    marked += count;
  }
  return marked;
}

/** The highest sequence at which stream and outbox hold the same message. Steps back in doubling strides: losses are at the end. */
async function lastCommonSeq(db: DataSource, manager: JetStreamManager, stream: string, high: number, firstSeq: number, lastSeq: number): Promise<number> {
  let stride = 1;
  let upper = Math.min(high, lastSeq);
  while (upper >= firstSeq && upper > 0) {
    const [row]: { stream_seq: string; msg_id: string }[] = await db.query(
      'select stream_seq, msg_id from outbox where stream = $1 and stream_seq <= $2 order by stream_seq desc limit 1',
      [stream, upper],
    );
    if (row === undefined || Number(row.stream_seq) < firstSeq) return firstSeq - 1;
    if ((await messageIdAt(manager, stream, Number(row.stream_seq))) === row.msg_id) return Number(row.stream_seq);
    upper = Number(row.stream_seq) - stride;
    stride *= 2;
  }
  // Everything that the stream still has is older than the outbox remembers, or the stream is empty: nothing in common above that.
  return lastSeq === 0 || firstSeq > lastSeq ? agedOut(firstSeq) : firstSeq - 1;
}

/** An empty stream whose numbers went on (all aged out) keeps `first_seq` above 1; a new one starts at 0 or 1. */
const agedOut = (firstSeq: number): number => (firstSeq > 1 ? firstSeq - 1 : 0);

async function messageIdAt(manager: JetStreamManager, stream: string, seq: number): Promise<string | undefined> {
  try {
    const message = await manager.streams.getMessage(stream, { seq });
    return message.header.get('Nats-Msg-Id');
  } catch (error) {
    if (/no message found|404|10037/i.test(String(error))) return undefined;
    throw error;
  }
}
