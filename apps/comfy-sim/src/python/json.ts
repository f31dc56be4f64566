import { PyBytes, PyFloat, type PyDict, type PyValue } from './values';

/** json.loads: also takes NaN, Infinity and integers of any size. Throws SyntaxError. */
export function parseJson(text: string): PyValue {
  return new Parser(text).parse();
}

const numberPattern = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const stringChunk = /[^"\\\u0000-\u001f]*/y;
const escapes: Record<string, string> = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

class Parser {
  private at = 0;

  constructor(private readonly text: string) {}

  parse(): PyValue {
    const value = this.value();
    this.space();
    if (this.at !== this.text.length) throw this.wrong();
    return value;
  }

  private wrong(): SyntaxError {
    return new SyntaxError(`not JSON at char ${this.at}`);
  }

  private space(): void {
    while (' \t\n\r'.includes(this.text[this.at] ?? '!')) this.at += 1;
  }

  private value(): PyValue {
    this.space();
    const first = this.text[this.at];
    switch (first) {
      case '{':
        return this.object();
      case '[':
        return this.array();
      case '"':
        return this.string();
      case 't':
        return this.word('true', true);
      case 'f':
        return this.word('false', false);
      case 'n':
        return this.word('null', null);
      case 'N':
        return this.word('NaN', new PyFloat(NaN));
      case 'I':
        return this.word('Infinity', new PyFloat(Infinity));
      default:
        return this.number();
    }
  }

  private word(word: string, value: PyValue): PyValue {
    if (!this.text.startsWith(word, this.at)) throw this.wrong();
    this.at += word.length;
    return value;
  }

  private number(): PyValue {
    if (this.text.startsWith('-Infinity', this.at)) return this.word('-Infinity', new PyFloat(-Infinity));
    numberPattern.lastIndex = this.at;
    const match = numberPattern.exec(this.text);
    if (match === null) throw this.wrong();
    this.at = numberPattern.lastIndex;
    if (match[1] !== undefined || match[2] !== undefined) return new PyFloat(Number(match[0]));
    const value = Number(match[0]);
    return Number.isSafeInteger(value) ? value : BigInt(match[0]);
  }

  private string(): string {
    this.at += 1;
    let out = '';
    for (;;) {
      stringChunk.lastIndex = this.at;
      out += stringChunk.exec(this.text)?.[0] ?? '';
      this.at = stringChunk.lastIndex;
      const next = this.text[this.at];
      if (next === '"') {
        this.at += 1;
        return out;
      }
      if (next !== '\\') throw this.wrong();
      out += this.escape();
    }
  }

  private escape(): string {
    const kind = this.text[this.at + 1] ?? '';
    if (kind === 'u') {
      const hex = this.text.slice(this.at + 2, this.at + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw this.wrong();
      this.at += 6;
      return String.fromCharCode(parseInt(hex, 16));
    }
    const plain = escapes[kind];
    if (plain === undefined) throw this.wrong();
    this.at += 2;
    return plain;
  }

  private array(): PyValue[] {
    this.at += 1;
    const out: PyValue[] = [];
    this.space();
    if (this.text[this.at] === ']') {
      this.at += 1;
      return out;
    }
    for (;;) {
      out.push(this.value());
      if (this.separator(']')) return out;
    }
  }

  private object(): PyDict {
    this.at += 1;
    const out: PyDict = new Map();
    this.space();
    if (this.text[this.at] === '}') {
      this.at += 1;
      return out;
    }
    for (;;) {
      this.space();
      if (this.text[this.at] !== '"') throw this.wrong();
      const key = this.string();
      this.space();
      if (this.text[this.at] !== ':') throw this.wrong();
      this.at += 1;
      out.set(key, this.value());
      if (this.separator('}')) return out;
    }
  }

  /** True when the list or object ends here. */
  private separator(end: string): boolean {
    this.space();
    const next = this.text[this.at];
    if (next !== ',' && next !== end) throw this.wrong();
    this.at += 1;
    return next === end;
  }
}

/** json.dumps with its defaults: ", " and ": ", ASCII only, NaN and Infinity as bare words. */
export function dumpJson(value: PyValue): string {
  if (value === null) return 'null';
  if (value instanceof PyFloat) return floatText(value.value, 'NaN', 'Infinity');
  if (typeof value === 'string') return asciiString(value);
  if (value instanceof PyBytes) throw new TypeError('Object of type bytes is not JSON serializable');
  if (Array.isArray(value)) return `[${value.map(dumpJson).join(', ')}]`;
  if (value instanceof Map) {
    return `{${[...value].map(([key, item]) => `${asciiString(key)}: ${dumpJson(item)}`).join(', ')}}`;
  }
  return String(value);
}

function asciiString(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** repr(float): 7.0, 1e+16, 1e-05. JavaScript changes to the exponent elsewhere and drops the ".0". */
export function floatText(value: number, nan = 'nan', infinity = 'inf'): string {
  if (Number.isNaN(value)) return nan;
  if (!Number.isFinite(value)) return value > 0 ? infinity : `-${infinity}`;
  if (Object.is(value, -0)) return '-0.0';
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e16 || size < 1e-4)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  const text = String(value);
  return text.includes('.') ? text : `${text}.0`;
}
