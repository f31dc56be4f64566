import { createHash } from 'node:crypto';

/**
 * Alternatives in prompts, `{blue|red}`, as ComfyUI's own interface and others write them: one is chosen for each
 * result. They may stand inside each other and be empty; a single one, `{blue}`, is taken. `\{`, `\}` and `\|` are the
 * characters themselves.
 */
type Piece = string | { options: { source: string; pieces: Piece[] }[] };

/** One choice that was made: the options as they were written, and the one that was taken. */
interface PromptChoice {
  options: string[];
  chosen: string;
}

/** Alternatives inside each other; nobody reads more. */
const maxDepth = 16;

/** What is wrong with the alternatives of a text, for who wrote it. */
class Malformed extends Error {}

/** Reads a text from `at`, inside of so many braces, up to where these end. */
function readPieces(text: string, at: number, depth: number): { pieces: Piece[]; end: number } {
  const pieces: Piece[] = [];
  let plain = '';
  let position = at;
  const endPlain = (): void => {
    if (plain !== '') pieces.push(plain);
    plain = '';
  };
  while (position < text.length) {
    const character = text[position] as string;
    const next = text[position + 1] ?? '';
    if (character === '\\' && '{}|'.includes(next) && next !== '') {
      plain += next;
      position += 2;
    } else if (character === '{') {
      endPlain();
      const group = readGroup(text, position + 1, depth + 1);
      pieces.push({ options: group.options });
      position = group.end;
    } else if (depth > 0 && (character === '|' || character === '}')) {
      break;
    } else if (character === '}') {
      throw new Malformed('has a } without its {; write \\} for the character');
    } else {
      plain += character;
      position += 1;
    }
  }
  endPlain();
  return { pieces, end: position };
}

function readGroup(
  text: string,
  at: number,
  depth: number,
): { options: { source: string; pieces: Piece[] }[]; end: number } {
  if (depth > maxDepth) throw new Malformed(`has alternatives inside each other more than ${maxDepth} deep`);
  const options: { source: string; pieces: Piece[] }[] = [];
  for (let position = at; ; position += 1) {
    const { pieces, end } = readPieces(text, position, depth);
    const source = text.slice(position, end);
    if (/^\s*\d+(?:\.\d+)?::/.test(source) || /^\s*\d+(?:-\d+)?\$\$/.test(source))
      throw new Malformed(
        `has alternatives with weights or numbers (${source.trim().slice(0, 20)}), which are not known here; ` +
          `plain ones are as likely as each other`,
      );
    options.push({ source, pieces });
    if (end >= text.length) throw new Malformed('has a { without its }; write \\{ for the character');
    if (text[end] === '}') return { options, end: end + 1 };
    position = end;
  }
}

/** Why the alternatives of a text cannot be read, in words that follow its name; undefined when they can. */
export function alternativesFault(text: string): string | undefined {
  try {
    readPieces(text, 0, 0);
    return undefined;
  } catch (error) {
    if (error instanceof Malformed) return error.message;
    throw error;
  }
}

/** How many groups are open at a place of the text. */
export function depthAt(text: string, place: number): number {
  let depth = 0;
  for (let position = 0; position < place; position += 1) {
    if (text[position] === '\\') position += 1;
    else if (text[position] === '{') depth += 1;
    else if (text[position] === '}') depth -= 1;
  }
  return Math.max(0, depth);
}

/**
 * The text with one of each alternatives, and what was chosen, in the order in which the choices come up: outer ones
 * before those inside, and of these only where the option was taken. A text that cannot be read stays as it is. Pure:
 * the same seed chooses alike for ever. The n-th choice (from 0) takes option ⌊x · options⌋, x being the first 48 bits
 * of SHA-256 of `seed/place/n` as a fraction.
 *
 * @param place  what the text is, so that equal alternatives in two texts are chosen independently
 */
export function chooseAlternatives(
  text: string,
  seed: number,
  place: string,
): { text: string; choices: PromptChoice[] } {
  if (!/[{}\\]/.test(text) || alternativesFault(text) !== undefined) return { text, choices: [] };
  const choices: PromptChoice[] = [];
  const write = (pieces: readonly Piece[]): string =>
    pieces
      .map((piece) => {
        if (typeof piece === 'string') return piece;
        const chosen = piece.options[
          Math.floor(fractionOf(`${seed}/${place}/${choices.length}`) * piece.options.length)
        ] as Exclude<Piece, string>['options'][number];
        choices.push({ options: piece.options.map(({ source }) => source), chosen: chosen.source });
        return write(chosen.pieces);
      })
      .join('');
  return { text: write(readPieces(text, 0, 0).pieces), choices };
}

/** Uniform over [0, 1). */
const fractionOf = (words: string): number => createHash('sha256').update(words).digest().readUIntBE(0, 6) / 2 ** 48;
