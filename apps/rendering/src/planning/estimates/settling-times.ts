import type { EntityManager } from 'typeorm';
import { SettlingTimeRow } from './settling-time.entity';

/** Share of a new result in the averages, once there are enough of them: about the last twenty count. */
const leastGain = 0.1;
/** Times the average, and at least seconds, above which a result counts no more: quality was away, or a disk full. */
const mostAtOnce = { times: 5, seconds: 5 };
/**
 * Quantiles of a Laplace distribution by its mean absolute deviation: nine of ten lie within ± ln 10, eight of ten
 * below ln 2.5.
 */
const quantiles = { ninety: Math.log(10), eighty: Math.log(2.5) };

/** Seconds from a result's end on its card until it is fetched, checked where that was wanted, and its task over. */
export interface SettlingTime {
  seconds: number;
  low: number;
  high: number;
  p80: number;
}

const nothing: SettlingTime = { seconds: 0, low: 0, high: 0, p80: 0 };

/** By workflow, with and without a check. */
export class SettlingTimes {
  private readonly known: ReadonlyMap<string, SettlingTimeRow>;

  constructor(rows: readonly SettlingTimeRow[] = []) {
    this.known = new Map(rows.map((row) => [keyOf(row), row]));
  }

  static async read(tx: EntityManager): Promise<SettlingTimes> {
    return new SettlingTimes(await tx.find(SettlingTimeRow));
  }

  /** All zero while nothing is known. */
  of(workflow: string, checked: boolean): SettlingTime {
    const row = this.known.get(keyOf({ workflow, checked }));
    if (row === undefined) return nothing;
    const { seconds, deviation } = row;
    return {
      seconds,
      low: Math.max(0, seconds - quantiles.ninety * deviation),
      high: seconds + quantiles.ninety * deviation,
      p80: seconds + quantiles.eighty * deviation,
    };
  }
}

const keyOf = ({ workflow, checked }: Pick<SettlingTimeRow, 'workflow' | 'checked'>): string =>
  `${workflow} ${String(checked)}`;

/**
 * Learns from one result: exponentially weighted means of the seconds and of their distance from it. The last statement
 * of its transaction, because all results of a workflow meet at its row.
 */
export async function learnSettling(
  tx: EntityManager,
  { workflow, checked, seconds }: Pick<SettlingTimeRow, 'workflow' | 'checked' | 'seconds'>,
): Promise<void> {
  await tx.query(
    `insert into settling_time as known (workflow, checked, results, seconds, deviation) values ($1, $2, 1, $3::float8, $3::float8 / 2)
     on conflict (workflow, checked) do update set results = known.results + 1,
       (seconds, deviation) = (
         select known.seconds + gain * (said - known.seconds),
           known.deviation + gain * (abs(said - known.seconds) - known.deviation)
         from (select least(excluded.seconds, greatest($5::float8, $6::float8 * known.seconds)) as said,
           greatest($4::float8, 1.0 / (known.results + 1)) as gain) step)`,
    [workflow, checked, Math.max(0, seconds), leastGain, mostAtOnce.seconds, mostAtOnce.times],
  );
}
