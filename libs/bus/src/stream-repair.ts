import type { JetStreamManager, StoredMsg } from 'nats';
import type { DataSource } from 'typeorm';
import { messageAt } from './streams';

/** Days that a stream keeps its messages; what is older was not lost but aged out. */
const streamDays = 7;

interface Repair {
  /** Events marked as not yet sent. */
  marked: number;
  /** The highest sequence per stream that the outbox knows now; whatever is published next must come after it. */
  high: Map<string, number>;
}

/**
 * Finds what a stream lost (power loss before its fsync, a deleted store) by comparing it with the outbox, and marks
 * those events as not yet sent. Consumers drop repeats through their inbox.
 */
export async function repairStreams(db: DataSource, manager: JetStreamManager): Promise<Repair> {
  const streams = await highestSent(db);
  const repair: Repair = { marked: 0, high: new Map() };
  for (const { stream, high } of streams) {
    const { first_seq: firstSeq, last_seq: lastSeq } = (await manager.streams.info(stream)).state;
    const common = await lastCommonSeq(db, manager, stream, Math.min(Number(high), lastSeq), firstSeq);
    repair.high.set(stream, Math.min(Number(high), common));
    if (common >= Number(high)) continue;
    const [, count]: [unknown, number] = await db.query(
      `update outbox set published_at = null, stream_seq = null
       where stream = $1 and stream_seq > $2 and created_at > now() - make_interval(days => $3)`,
      [stream, common, streamDays],
    );
    repair.marked += count;
  }
  return repair;
}

/** Undefined also where a stranger's message stands whose headers cannot be read. */
function messageIdOf(message: StoredMsg | undefined): string | undefined {
  try {
    return message?.header.get('Nats-Msg-Id');
  } catch {
    return undefined;
  }
}

/**
 * From stream to stream by the index; an outbox holds two weeks of events of one or two streams, and a reconnect must
 * not read them all.
 */
const highestSent = (db: DataSource): Promise<{ stream: string; high: string }[]> =>
  db.query(
    `with recursive sent (stream) as (
       (select stream from outbox where stream_seq is not null order by stream limit 1)
       union all
       select (select o.stream from outbox o where o.stream > sent.stream and o.stream_seq is not null
         order by o.stream limit 1) from sent where sent.stream is not null)
     select stream, (select max(stream_seq) from outbox o where o.stream = sent.stream) as high from sent
       where stream is not null`,
  );

/**
 * The highest sequence, not above `upper`, at which stream and outbox hold the same message. Steps back in doubling
 * strides: losses are at the end.
 */
async function lastCommonSeq(
  db: DataSource,
  manager: JetStreamManager,
  stream: string,
  upper: number,
  firstSeq: number,
): Promise<number> {
  for (let at = upper, stride = 1; at >= firstSeq && at > 0; stride *= 2) {
    // Two events with one number: one of them is from before a loss. Whoever cannot tell which steps further back.
    const rows: { stream_seq: string; msg_id: string }[] = await db.query(
      'select stream_seq, msg_id from outbox where stream = $1 and stream_seq = (select max(stream_seq) from ' +
        'outbox where stream = $1 and stream_seq <= $2)',
      [stream, at],
    );
    const row = rows[0];
    if (row === undefined || Number(row.stream_seq) < firstSeq) break;
    const seq = Number(row.stream_seq);
    if (rows.length === 1 && messageIdOf(await messageAt(manager, stream, seq)) === row.msg_id) return seq;
    at = seq - stride;
  }
  // What lies before the stream's first message has aged out; of a new stream that is nothing.
  return Math.max(firstSeq - 1, 0);
}
