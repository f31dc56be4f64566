import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { GenerationId } from '../generation';
import { parseJson } from '../python/json';
import { isDict, type PyDict, type PyValue } from '../python/values';

/** Lies beside src and dist alike. */
const folder = path.join(__dirname, '..', '..', 'test-data', 'traces');

/** One line of a recording, with Python's numbers kept apart. */
export class TraceEvent {
  constructor(private readonly fields: PyDict) {}

  get kind(): string {
    return this.text('k');
  }

  /** Milliseconds since the recording began. */
  get at(): number {
    return Number(this.text('t') || 0);
  }

  has(name: string): boolean {
    return this.fields.has(name);
  }

  value(name: string): PyValue {
    return this.fields.get(name) ?? null;
  }

  text(name: string): string {
    const value = this.value(name);
    if (value === null) return '';
    return typeof value === 'object' && 'value' in value ? String(value.value) : String(value);
  }

  dict(name: string): PyDict {
    const value = this.value(name);
    return isDict(value) ? value : new Map();
  }
}

export interface Trace {
  readonly name: string;
  readonly generation: GenerationId;
  readonly meta: TraceEvent;
  readonly events: readonly TraceEvent[];
}

export function readTrace(generation: GenerationId, name: string): Trace {
  const lines = readFileSync(path.join(folder, generation, `${name}.jsonl`), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const [meta, ...events] = lines.map((line) => new TraceEvent(parseJson(line) as PyDict));
  if (meta === undefined) throw new Error(`the recording ${generation}/${name} is empty`);
  return { name, generation, meta, events };
}
