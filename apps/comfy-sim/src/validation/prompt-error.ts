import { dict, type PyDict, type PyValue } from '../python/values';

export interface ValidationError {
  readonly type: string;
  readonly message: string;
  readonly details: string;
  readonly extraInfo: PyDict;
}

export function validationError(
  type: string,
  message: string,
  details: string,
  extraInfo: Record<string, PyValue> = {},
): ValidationError {
  return { type, message, details, extraInfo: dict(extraInfo) };
}

export function toErrorView(error: ValidationError): PyDict {
  return dict({ type: error.type, message: error.message, details: error.details, extra_info: error.extraInfo });
}
