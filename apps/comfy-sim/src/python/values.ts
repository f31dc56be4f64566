/**
 * Values as Python's json module sees them. The server keeps what a client posted and sends it back, so the simulator
 * must not lose what JavaScript would: the difference of 7 and 7.0, integers above 2^53, and the order of keys such as
 * "10", "1".
 */
export class PyFloat {
  constructor(readonly value: number) {}
}

/** Bytes in a ui result: Python cannot serialise them, and the server dies of it. */
export class PyBytes {
  constructor(readonly length: number) {}
}

export type PyDict = Map<string, PyValue>;
/** `number` is always an integer; fractions and NaN are `PyFloat`; `bigint` only beyond 2^53. */
export type PyValue = null | boolean | number | bigint | string | PyFloat | PyBytes | PyValue[] | PyDict;

export const float = (value: number): PyFloat => new PyFloat(value);

/** For replies with fixed keys. Ids as keys need a Map: an object would sort "10" behind "9". */
export function dict(fields: Record<string, PyValue>): PyDict {
  return new Map(Object.entries(fields));
}

export const isDict = (value: unknown): value is PyDict => value instanceof Map;

export function isNumeric(value: PyValue): value is boolean | number | bigint | PyFloat {
  return (
    typeof value === 'boolean' || typeof value === 'number' || typeof value === 'bigint' || value instanceof PyFloat
  );
}

/** Exact only as far as a double is; comparisons of integers use `compareNumbers`. */
export function toNumber(value: boolean | number | bigint | PyFloat): number {
  return value instanceof PyFloat ? value.value : Number(value);
}

function exact(value: boolean | number | bigint | PyFloat): number | bigint {
  if (value instanceof PyFloat) return value.value;
  return typeof value === 'boolean' ? Number(value) : value;
}

/** One number type where the value allows it, so that `===` compares across int, float and bool. */
function plain(value: boolean | number | bigint | PyFloat): number | bigint {
  const number = exact(value);
  return typeof number === 'bigint' && number === BigInt(Number(number)) ? Number(number) : number;
}

/** Mixed comparison as in Python: integers exactly, whatever their size. NaN compares false with everything. */
export function isLess(a: boolean | number | bigint | PyFloat, b: boolean | number | bigint | PyFloat): boolean {
  return exact(a) < exact(b);
}

export function isEqual(a: PyValue, b: PyValue): boolean {
  if (isNumeric(a) && isNumeric(b)) return plain(a) === plain(b);
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => isEqual(item, b[index] as PyValue));
  }
  if (isDict(a) && isDict(b)) {
    if (a.size !== b.size) return false;
    for (const [key, value] of a) {
      const other = b.get(key);
      if (other === undefined || !isEqual(value, other)) return false;
    }
    return true;
  }
  return a === b;
}

/** bool(value) */
export function isTruthy(value: PyValue): boolean {
  if (value === null) return false;
  if (isNumeric(value)) return plain(value) !== 0;
  if (typeof value === 'string' || Array.isArray(value)) return value.length > 0;
  if (isDict(value)) return value.size > 0;
  return true;
}

export function deepCopy(value: PyValue): PyValue {
  if (Array.isArray(value)) return value.map(deepCopy);
  if (isDict(value)) return new Map([...value].map(([key, item]) => [key, deepCopy(item)]));
  return value;
}
