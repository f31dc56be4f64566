import { PyError, typeError } from './errors';
import { repr, str, typeName } from './text';
import { PyFloat, isNumeric, isTruthy, type PyValue } from './values';

const intPattern = /^\s*([+-]?)(\d+(?:_\d+)*)\s*$/;
const floatPattern = /^\s*[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:[eE][+-]?\d+)?\s*$/;
const floatWords = /^\s*([+-]?)(nan|inf|infinity)\s*$/i;

const narrow = (value: bigint): number | bigint =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;

/** int(value) */
export function toInt(value: PyValue): number | bigint {
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (value instanceof PyFloat) {
    if (Number.isNaN(value.value)) throw new PyError('ValueError', 'cannot convert float NaN to integer');
    if (!Number.isFinite(value.value)) throw new PyError('OverflowError', 'cannot convert float infinity to integer');
    return narrow(BigInt(Math.trunc(value.value)));
  }
  if (typeof value === 'string') {
    const match = intPattern.exec(value);
    if (match === null) throw new PyError('ValueError', `invalid literal for int() with base 10: ${repr(value)}`);
    const digits = BigInt((match[2] ?? '').replaceAll('_', ''));
    return narrow(match[1] === '-' ? -digits : digits);
  }
  throw typeError(`int() argument must be a string, a bytes-like object or a real number, not '${typeName(value)}'`);
}

/** float(value) */
export function toFloat(value: PyValue): PyFloat {
  if (isNumeric(value)) return new PyFloat(value instanceof PyFloat ? value.value : Number(value));
  if (typeof value === 'string') {
    if (floatPattern.test(value)) return new PyFloat(Number(value.replaceAll('_', '')));
    const word = floatWords.exec(value);
    if (word !== null) {
      const size = word[2]?.toLowerCase() === 'nan' ? NaN : Infinity;
      return new PyFloat(word[1] === '-' ? -size : size);
    }
    throw new PyError('ValueError', `could not convert string to float: ${repr(value)}`);
  }
  throw typeError(`float() argument must be a string or a real number, not '${typeName(value)}'`);
}

/** The conversions which the server applies to constants of these four types. */
export const conversions: Record<string, ((value: PyValue) => PyValue) | undefined> = {
  INT: toInt,
  FLOAT: toFloat,
  STRING: str,
  BOOLEAN: isTruthy,
};
