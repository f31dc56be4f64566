/** One metric that a question to Prometheus asks for, with the conditions on its labels. */
export interface Selector {
  metric: string;
  matchers: Matcher[];
}

export interface Matcher {
  label: string;
  operator: '=' | '!=' | '=~' | '!~';
  value: string;
}

/** What a question in PromQL names. */
export interface Named {
  selectors: Selector[];
  /** Labels that it groups or matches by, each once. */
  groupings: string[];
}

const token =
  /\s+|#.*|(?<text>"(?:[^"\\]|\\.)*")|(?<range>\[[^\]]*\])|(?<number>\d[\w.]*)|(?<name>[A-Za-z_:][\w:]*)|(?<sign>=~|!~|==|!=|<=|>=|[-+*/%^(){},=<>@$])/y;
const groupers: ReadonlySet<string> = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right']);
const words: ReadonlySet<string> = new Set(['and', 'or', 'unless', 'bool', 'offset', 'atan2', 'inf', 'nan']);
const isOperator = (sign: string | undefined): sign is Matcher['operator'] =>
  sign === '=' || sign === '!=' || sign === '=~' || sign === '!~';

/**
 * The metrics and labels that a question names. Reads as much of PromQL as tells them apart from functions and words;
 * Grafana's `$variables` are names and values like any other.
 *
 * @throws Error with the place, for what is no PromQL: a sign that there is none, a bracket that is not closed
 */
export function namedIn(question: string): Named {
  return new Reader(question).read();
}

type Kind = 'text' | 'name' | 'sign' | 'range' | 'number';
interface Token {
  kind: Kind;
  text: string;
}

class Reader {
  private readonly tokens: Token[];
  private at = 0;
  private depth = 0;
  private readonly selectors: Selector[] = [];
  private readonly groupings = new Set<string>();

  constructor(private readonly question: string) {
    this.tokens = tokensOf(question);
  }

  read(): Named {
    while (this.at < this.tokens.length) this.readNext();
    if (this.depth !== 0) throw this.wrong('lacks a closing bracket');
    return { selectors: this.selectors, groupings: [...this.groupings] };
  }

  private readNext(): void {
    const { kind, text } = this.take();
    if (text === '(') this.depth++;
    if (text === ')' && --this.depth < 0) throw this.wrong('closes a bracket that is not open');
    if (text === '{' || text === '}') throw this.wrong('has conditions without a metric');
    if (kind !== 'name') return;
    if (groupers.has(text)) return this.readGrouping(text);
    if (words.has(text.toLowerCase())) return;
    const next = this.tokens[this.at]?.text;
    // A function, or an aggregation whose grouping stands before its argument.
    if (next === '(' || (next !== undefined && groupers.has(next) && next !== 'on' && next !== 'ignoring')) return;
    this.selectors.push({ metric: text, matchers: next === '{' ? this.readMatchers() : [] });
  }

  private readGrouping(word: string): void {
    // `group_left` alone names no label.
    if (this.tokens[this.at]?.text !== '(') {
      if (word.startsWith('group_')) return;
      throw this.wrong(`has no labels behind ${word}`);
    }
    this.take();
    for (;;) {
      const { kind, text } = this.take();
      if (text === ')') return;
      if (kind === 'name') this.groupings.add(text);
      else if (text !== ',') throw this.wrong(`has ${text} among the labels of ${word}`);
    }
  }

  private readMatchers(): Matcher[] {
    this.take();
    const matchers: Matcher[] = [];
    for (;;) {
      const { kind, text: label } = this.take();
      if (label === '}') return matchers;
      if (label === ',') continue;
      const operator = this.take().text;
      const value = this.take();
      if (kind !== 'name' || !isOperator(operator) || value.kind !== 'text')
        throw this.wrong(`has a condition that is none at ${label}`);
      matchers.push({ label, operator, value: value.text.slice(1, -1) });
    }
  }

  private take(): Token {
    const found = this.tokens[this.at++];
    if (found === undefined) throw this.wrong('ends too early');
    return found;
  }

  private wrong(what: string): Error {
    return new Error(`${this.question} ${what}`);
  }
}

function tokensOf(question: string): Token[] {
  const found: Token[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < question.length) {
    const from = token.lastIndex;
    const match = token.exec(question);
    if (match === null) throw new Error(`${question} has a sign that PromQL does not know: ${question.slice(from)}`);
    const [kind, text] = Object.entries(match.groups ?? {}).find(([, value]) => value !== undefined) ?? [];
    if (kind !== undefined && text !== undefined) found.push({ kind: kind as Kind, text });
  }
  return found;
}
