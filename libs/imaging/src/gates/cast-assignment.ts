import { IDENTITY_MIN_COSINE } from './identity-frames';

/** Closer calls than this between two characters are nobody's (0.05 as a CCIP difference). */
export const ASSIGNMENT_MIN_MARGIN = 0.1;

export type CastAssignment =
  | {
      readonly detection: number;
      /** Column of the matrix. */
      readonly character: number;
      readonly cosine: number;
      /** To the best other character; null when there is no other. */
      readonly margin: number | null;
    }
  | {
      readonly detection: number;
      readonly character: null;
      readonly why: 'no_character_left' | 'stranger' | 'ambiguous';
    };

/**
 * Gives each detection of one frame to at most one character so that the total cosine is largest, then takes back what
 * is too weak or too close. Each character is given once, so twins show up as a detection left over.
 * @param cosines one row per detection, one column per character
 * @throws RangeError for rows of different lengths or values that are not finite
 */
export function assignCast(cosines: readonly (readonly number[])[]): CastAssignment[] {
  const characters = cosines[0]?.length ?? 0;
  if (cosines.some((row) => row.length !== characters || !row.every(Number.isFinite)))
    throw new RangeError('the cosines must form a matrix of finite numbers');
  const assigned = assignLargestTotal(cosines, characters);
  return cosines.map((row, detection) => {
    const character = assigned[detection] ?? -1;
    if (character === -1) return { detection, character: null, why: 'no_character_left' };
    const cosine = row[character]!;
    if (!(cosine > IDENTITY_MIN_COSINE)) return { detection, character: null, why: 'stranger' };
    const others = row.filter((_, column) => column !== character);
    const margin = others.length === 0 ? null : cosine - Math.max(...others);
    if (margin !== null && margin < ASSIGNMENT_MIN_MARGIN) return { detection, character: null, why: 'ambiguous' };
    return { detection, character, cosine, margin };
  });
}

/** Hungarian method with potentials, O(n³), on the square completed with zeros. @returns column per row, -1 for none */
function assignLargestTotal(gains: readonly (readonly number[])[], columns: number): number[] {
  const size = Math.max(gains.length, columns);
  // A cosine may be negative; shifting all real cells keeps a weak match better than none.
  const cost = (row: number, column: number): number => {
    const gain = gains[row]?.[column];
    return gain === undefined ? 0 : -(gain + 2);
  };
  const rowPotential = new Float64Array(size + 1);
  const columnPotential = new Float64Array(size + 1);
  const rowOfColumn = new Int32Array(size + 1);
  for (let row = 1; row <= size; row += 1) {
    const previous = new Int32Array(size + 1);
    const slack = new Float64Array(size + 1).fill(Infinity);
    const visited = new Uint8Array(size + 1);
    let column = 0;
    rowOfColumn[0] = row;
    do {
      visited[column] = 1;
      const current = rowOfColumn[column]!;
      let step = Infinity;
      let next = 0;
      for (let other = 1; other <= size; other += 1) {
        if (visited[other]) continue;
        const reduced = cost(current - 1, other - 1) - rowPotential[current]! - columnPotential[other]!;
        if (reduced < slack[other]!) {
          slack[other] = reduced;
          previous[other] = column;
        }
        if (slack[other]! < step) {
          step = slack[other]!;
          next = other;
        }
      }
      for (let other = 0; other <= size; other += 1) {
        if (visited[other]) {
          const owner = rowOfColumn[other]!;
          rowPotential[owner] = rowPotential[owner]! + step;
          columnPotential[other] = columnPotential[other]! - step;
        } else slack[other] = slack[other]! - step;
      }
      column = next;
    } while (rowOfColumn[column] !== 0);
    while (column !== 0) {
      const before = previous[column]!;
      rowOfColumn[column] = rowOfColumn[before]!;
      column = before;
    }
  }
  const result = new Array<number>(gains.length).fill(-1);
  for (let column = 1; column <= columns; column += 1) {
    const row = rowOfColumn[column]! - 1;
    if (row < gains.length) result[row] = column - 1;
  }
  return result;
}
