/** Numbers by name. */
export type FormulaScope = Readonly<Record<string, number>>;

export interface Formula {
  readonly text: string;
  /** Names that it reads. */
  readonly names: ReadonlySet<string>;
  /** Throws when a name has no value or the result is not a finite number. */
  evaluate(scope: FormulaScope): number;
}

type Node = (scope: FormulaScope) => number;

/** Halves go to the even neighbour, as Python rounds: sizes on the server are computed that way. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

const functions: Record<string, { arity: number | 'any'; apply: (...values: number[]) => number } | undefined> = {
  min: { arity: 'any', apply: Math.min },
  max: { arity: 'any', apply: Math.max },
  floor: { arity: 1, apply: Math.floor },
  ceil: { arity: 1, apply: Math.ceil },
  round: { arity: 1, apply: roundHalfEven },
  if: { arity: 3, apply: (condition, then, otherwise) => (condition === 0 ? (otherwise as number) : (then as number)) },
};

const binary: Record<string, (a: number, b: number) => number> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '==': (a, b) => Number(a === b),
  '!=': (a, b) => Number(a !== b),
  '<=': (a, b) => Number(a <= b),
  '>=': (a, b) => Number(a >= b),
  '<': (a, b) => Number(a < b),
  '>': (a, b) => Number(a > b),
};
/** From loosest to tightest. */
const levels = [
  ['==', '!=', '<=', '>=', '<', '>'],
  ['+', '-'],
  ['*', '/', '%'],
];

const token = /\s*(?:(\d+(?:\.\d+)?)|([a-z][a-z0-9_]*)|(==|!=|<=|>=|[-+*/%<>(),]))/y;

interface Token {
  kind: 'number' | 'name' | 'sign';
  text: string;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  token.lastIndex = 0;
  let end = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    end = token.lastIndex;
    const [, number, name, sign] = match;
    tokens.push(
      number !== undefined
        ? { kind: 'number', text: number }
        : name !== undefined
          ? { kind: 'name', text: name }
          : { kind: 'sign', text: sign as string },
    );
  }
  if (text.slice(end).trim() !== '')
    throw new Error(`the formula "${text}" has something unexpected at "${text.slice(end).trim()}"`);
  return tokens;
}

class Parser {
  private position = 0;
  readonly names = new Set<string>();

  constructor(
    private readonly text: string,
    private readonly tokens: readonly Token[],
  ) {}

  parse(): Node {
    const node = this.level(0);
    if (this.position < this.tokens.length) this.fail(`a sign before "${this.tokens[this.position]?.text}"`);
    return node;
  }

  private level(depth: number): Node {
    const signs = levels[depth];
    if (signs === undefined) return this.unary();
    let left = this.level(depth + 1);
    for (let sign = this.take(signs); sign !== undefined; sign = this.take(signs)) {
      const apply = binary[sign] as (a: number, b: number) => number;
      const [first, second] = [left, this.level(depth + 1)];
      left = (scope) => apply(first(scope), second(scope));
    }
    return left;
  }

  private unary(): Node {
    if (this.take(['-']) === undefined) return this.primary();
    const value = this.unary();
    return (scope) => -value(scope);
  }

  private primary(): Node {
    const next = this.tokens[this.position++];
    if (next === undefined) return this.fail('a value at its end');
    if (next.kind === 'number') {
      const value = Number(next.text);
      return () => value;
    }
    if (next.kind === 'name') return this.take(['(']) === undefined ? this.name(next.text) : this.call(next.text);
    if (next.text !== '(') return this.fail(`a value before "${next.text}"`);
    const inner = this.level(0);
    this.expect(')');
    return inner;
  }

  private name(name: string): Node {
    this.names.add(name);
    return (scope) => {
      const value = scope[name];
      if (value === undefined) throw new Error(`the formula "${this.text}" needs ${name}, which has no value`);
      return value;
    };
  }

  private call(name: string): Node {
    const called = functions[name];
    if (called === undefined)
      return this.fail(`one of ${Object.keys(functions).join(', ')} instead of the function ${name}`);
    const values = [this.level(0)];
    while (this.take([',']) !== undefined) values.push(this.level(0));
    this.expect(')');
    if (called.arity !== 'any' && called.arity !== values.length)
      return this.fail(`${called.arity} value${called.arity === 1 ? '' : 's'} in ${name}()`);
    return (scope) => called.apply(...values.map((value) => value(scope)));
  }

  private take(signs: readonly string[]): string | undefined {
    const next = this.tokens[this.position];
    if (next?.kind !== 'sign' || !signs.includes(next.text)) return undefined;
    this.position++;
    return next.text;
  }

  private expect(sign: string): void {
    if (this.take([sign]) === undefined) this.fail(`"${sign}"`);
  }

  private fail(wanted: string): never {
    throw new Error(`the formula "${this.text}" lacks ${wanted}`);
  }
}

const parsed = new Map<string, Formula>();

/**
 * Arithmetic over named numbers: + - * / %, comparisons (1 when true, else 0), parentheses, min, max, floor, ceil,
 * round (halves to even) and if(condition, then, otherwise), which evaluates both sides. Throws when the text is no
 * formula.
 */
export function parseFormula(text: string): Formula {
  const known = parsed.get(text);
  if (known) return known;
  const parser = new Parser(text, tokensOf(text));
  const node = parser.parse();
  const formula: Formula = {
    text,
    names: parser.names,
    evaluate: (scope) => {
      const value = node(scope);
      if (!Number.isFinite(value)) throw new Error(`the formula "${text}" gives ${value}`);
      return value;
    },
  };
  parsed.set(text, formula);
  return formula;
}
