import { describeMissing, type Missing } from '../../workflows/compatibility/requirements';

/** A card as far as the files of one kind of work are concerned. */
export interface FileCard {
  name: string;
  /** Position in the configuration; earlier ones win ties. */
  position: number;
  /** Its server answers, idle or not. */
  answers: boolean;
  /** May be given the work, by `only` and by what it failed before. */
  takes: boolean;
  /** Failed a task of this kind before; it is not tried again by itself. */
  excluded: boolean;
  prefers: boolean;
  /** Has memory enough, as far as that is known. */
  bigEnough: boolean;
  /** What it lacks; null while its server was never seen. */
  lacks: readonly Missing[] | null;
  /** Monotonic milliseconds at which its folders were last read, -Infinity for never. */
  filesReadAtMs: number;
  /** By what keeps Tower from fetching a file that it lacks, in the order of `lacks`; null where nothing does. */
  obstacles: readonly (string | null)[];
  /** Files that it lacks are being fetched to it, by whomever. */
  arriving: boolean;
  /** A file that it lacks lies where it belongs: it came just now, or its server looks elsewhere. */
  unlisted: boolean;
}

export interface Patience {
  /** Monotonic milliseconds. */
  nowMs: number;
  /** Since when no card can take the work. */
  sinceMs: number;
  /** Since when, besides, every card that may be given it answers. */
  answeredSinceMs: number;
  /** Milliseconds after which waiting is given up. */
  patienceMs: number;
  /** Milliseconds after which the folders of a card are read again while a file is missed there. */
  readEveryMs: number;
}

export type Remedy =
  /** A card can take it, or files alone would not help. */
  | { do: 'nothing' }
  /**
   * Somebody may yet bring the file, or the card that has it. `away`: such a card does not answer. `read`: cards whose
   * folders have to be looked at again.
   */
  | { do: 'wait'; away: boolean; read: string[] }
  | { do: 'download'; gpu: string; folder: string; name: string }
  /** Only cards that failed it could take it: they are tried once more. */
  | { do: 'reopen' }
  | { do: 'fail'; message: string; hint: string };

const modelsPrefix = 'models/';
const isFile = ({ kind }: Missing): boolean => kind === 'model';

/**
 * What to do about waiting tasks of one kind that no card can take for want of files. A file that can be fetched is
 * fetched to one card; where nothing can be done the tasks fail, but not before every card that may take them has
 * answered and its folders, read after the patience was over, still lack something: a file or a folder may be away for
 * a moment, and a card that is down may have what is missed.
 */
export function remedyFor(
  cards: readonly FileCard[],
  { nowMs, sinceMs, answeredSinceMs, patienceMs, readEveryMs }: Patience,
): Remedy {
  const candidates = cards.filter((card) => card.takes && !card.excluded);
  if (candidates.some((card) => card.lacks?.length === 0)) return { do: 'nothing' };
  const spare = cards.some((card) => card.takes && card.excluded && card.lacks?.length === 0);
  if (candidates.length === 0) return spare ? { do: 'reopen' } : { do: 'nothing' };
  const wanting = candidates.filter((card) => card.lacks?.every(isFile) === true);
  if (wanting.length === 0) return { do: 'nothing' };

  const away = candidates.some((card) => !card.answers || card.lacks === null);
  const target = targetAmong(wanting);
  const unlisted = candidates.some((card) => card.unlisted);
  if (target !== undefined && ((!away && !unlisted) || nowMs - sinceMs >= patienceMs)) return target;
  const endMs = answeredSinceMs + patienceMs;
  const stale = candidates.filter(
    (card) =>
      card.answers &&
      (nowMs - card.filesReadAtMs > Math.min(readEveryMs, patienceMs) ||
        (nowMs >= endMs && card.filesReadAtMs < endMs)),
  );
  const wait: Remedy = { do: 'wait', away, read: stale.map(({ name }) => name) };
  if (away || nowMs < endMs || candidates.some((card) => card.arriving || card.filesReadAtMs < endMs)) return wait;
  if (candidates.some((card) => card.lacks?.some(isFile) !== true)) return { do: 'nothing' };
  return spare ? { do: 'reopen' } : failureOf(candidates);
}

/** The best card among those that can be given everything they lack, and the first file for it. */
function targetAmong(wanting: readonly FileCard[]): Extract<Remedy, { do: 'download' }> | undefined {
  const able = wanting.filter((card) => card.answers && card.obstacles.every((obstacle) => obstacle === null));
  const [best] = able.sort(
    (a, b) =>
      Number(b.arriving) - Number(a.arriving) ||
      Number(b.bigEnough) - Number(a.bigEnough) ||
      Number(b.prefers) - Number(a.prefers) ||
      a.position - b.position,
  );
  const file = best?.lacks?.[0];
  return best === undefined || file === undefined
    ? undefined
    : { do: 'download', gpu: best.name, folder: folderOf(file), name: file.name };
}

const lackOf = ({ name, lacks }: FileCard): string => `${name} lacks ${(lacks ?? []).map(describeMissing).join(', ')}`;

function failureOf(candidates: readonly FileCard[]): Extract<Remedy, { do: 'fail' }> {
  const nearest = [...candidates].sort((a, b) => Number(b.prefers) - Number(a.prefers) || a.position - b.position);
  const hint = nearest.flatMap((card) => card.obstacles.find((obstacle) => obstacle !== null) ?? [])[0];
  return {
    do: 'fail',
    message: `no configured card has every file that it needs: ${candidates.map(lackOf).join('; ')}`,
    hint: hint ?? 'Put the named file into the folder, and ask again.',
  };
}

/** Below the server's models folder. */
export const folderOf = ({ where }: Missing): string =>
  where.startsWith(modelsPrefix) ? where.slice(modelsPrefix.length) : where;
