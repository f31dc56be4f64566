import type { Clock } from '@tower/kit';
import type { DataSource } from 'typeorm';
import { countBetween, marksInLine, type PlaceInLine } from './queue.queries';
import { SharedRead } from './shared-read';

/** Tasks from one mark to the next; a place is counted from the mark before it. */
const step = 500;
/** Milliseconds for which marks serve without being read anew, and after which they are not trusted any more. */
const freshMs = 5_000;
const usableMs = 60_000;

/** The order of the queue. */
export function comparePlaces(a: PlaceInLine, b: PlaceInLine): number {
  return (
    a.rank - b.rank ||
    a.created_at.getTime() - b.created_at.getTime() ||
    (a.job_id < b.job_id ? -1 : Number(a.job_id > b.job_id)) ||
    a.idx - b.idx
  );
}

/**
 * Tells how many tasks wait before one that stands deep in the line, without counting from the head of it for every
 * question.
 */
export class LineMarks {
  private readonly marks: SharedRead<PlaceInLine[]>;

  constructor(
    private readonly db: DataSource,
    clock: Clock,
  ) {
    this.marks = new SharedRead(clock, () => marksInLine(this.db.manager, step));
  }

  /** For each place, about how many tasks are before it: what was served in the last seconds may still be counted. */
  async before(places: readonly PlaceInLine[]): Promise<number[]> {
    if (places.length === 0) return [];
    const marks = await this.marks.getWithoutWaiting(freshMs, usableMs);
    const passed = places.map((place) => marksUpTo(marks, place));
    const rest = await countBetween(
      this.db.manager,
      places.map((to, index) => ({ from: marks[(passed[index] ?? 0) - 1] ?? headOfLine, to })),
    );
    return places.map((_, index) => Math.max(0, (passed[index] ?? 0) - 1) * step + (rest[index] ?? 0));
  }
}

/** Before everything that waits. */
const headOfLine: PlaceInLine = {
  rank: -1,
  created_at: new Date(0),
  job_id: '00000000-0000-0000-0000-000000000000',
  idx: 0,
};

/** How many marks are not behind the place. */
function marksUpTo(marks: readonly PlaceInLine[], place: PlaceInLine): number {
  let [low, high] = [0, marks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const mark = marks[middle];
    if (mark !== undefined && comparePlaces(mark, place) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
