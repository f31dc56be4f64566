export type TagCategory = 'rating' | 'general' | 'character';

export interface Tag {
  readonly name: string;
  readonly category: TagCategory;
}

/** What the network can say, in the order of its outputs. */
export interface TagVocabulary {
  readonly tags: readonly Tag[];
  readonly indexOf: ReadonlyMap<string, number>;
}

const categories: ReadonlyMap<string, TagCategory> = new Map([
  ['9', 'rating'],
  ['0', 'general'],
  ['4', 'character'],
]);

/**
 * Reads a `selected_tags.csv`: tag_id, name, category, count, one row per output of the network.
 * @throws RangeError for a missing column or a category without meaning: rows that are left out would shift all others
 */
export function parseTagVocabulary(csv: string): TagVocabulary {
  const [header, ...rows] = csv
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .map(splitRow);
  const nameColumn = header?.indexOf('name') ?? -1;
  const categoryColumn = header?.indexOf('category') ?? -1;
  if (nameColumn === -1 || categoryColumn === -1)
    throw new RangeError('the tag list needs the columns name and category');
  const tags = rows.map((row, index) => {
    const name = row[nameColumn];
    const category = categories.get(row[categoryColumn] ?? '');
    if (name === undefined || category === undefined)
      throw new RangeError(`row ${index + 2} of the tag list has no known category`);
    return { name, category };
  });
  return { tags, indexOf: new Map(tags.map(({ name }, index) => [name, index])) };
}

/** Fields may be quoted, with quotes doubled inside: a few tags are emoticons made of commas and quotes. */
function splitRow(line: string): string[] {
  const fields: string[] = [];
  for (const match of line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)) {
    const field = match[1] ?? '';
    fields.push(field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field);
    if (match.index + match[0].length >= line.length && !match[0].endsWith(',')) break;
  }
  return fields;
}

export interface TagThresholds {
  readonly general: number;
  readonly character: number;
}

/** Defaults of the model's own page (quality-metrics 2.8). */
export const defaultTagThresholds: TagThresholds = { general: 0.35, character: 0.85 };

export interface TagReading {
  /** Probability 0..1 of every rating. */
  readonly rating: Readonly<Record<string, number>>;
  /** Names above their threshold, in the order of the vocabulary. */
  readonly general: readonly string[];
  readonly character: readonly string[];
}

/**
 * Strictly above the threshold, the 32-bit probability widened to double: 0.35 itself is not above 0.35.
 * Formula source: imgutils 0.19 `tagging.wd14`.
 * @throws RangeError when there are not as many probabilities as tags
 */
export function readTags(
  probabilities: ArrayLike<number>,
  { tags }: TagVocabulary,
  thresholds = defaultTagThresholds,
): TagReading {
  if (probabilities.length !== tags.length)
    throw new RangeError(`${probabilities.length} probabilities for ${tags.length} tags`);
  const above = (category: 'general' | 'character'): string[] =>
    tags.flatMap(({ name, category: own }, index) =>
      own === category && probabilities[index]! > thresholds[category] ? [name] : [],
    );
  return {
    rating: Object.fromEntries(
      tags.flatMap(({ name, category }, index) => (category === 'rating' ? [[name, probabilities[index]!]] : [])),
    ),
    general: above('general'),
    character: above('character'),
  };
}
