import { AppError, type AppErrorOptions, type ErrorKind } from '@tower/kit';

/** Refusals that only HTTP knows. Everything else gets its status from its kind. */
const refusals = {
  json_malformed: ['invalid', 400],
  body_missing: ['invalid', 400],
  url_malformed: ['invalid', 400],
  http_malformed: ['invalid', 400],
  idempotency_key_invalid: ['invalid', 400],
  host_refused: ['forbidden', 403],
  origin_refused: ['forbidden', 403],
  route_not_found: ['not_found', 404],
  method_not_allowed: ['invalid', 405],
  request_too_slow: ['invalid', 408],
  artifact_file_gone: ['not_found', 410],
  upload_file_gone: ['not_found', 410],
  precondition_failed: ['invalid', 412],
  body_too_large: ['invalid', 413],
  upload_empty: ['invalid', 400],
  upload_aborted: ['invalid', 400],
  upload_form_invalid: ['invalid', 400],
  upload_too_large: ['too_large', 413],
  upload_type_unsupported: ['invalid', 415],
  upload_too_many_pixels: ['invalid', 422],
  upload_undecodable: ['invalid', 422],
  url_too_long: ['invalid', 414],
  media_type_unsupported: ['invalid', 415],
  range_not_satisfiable: ['invalid', 416],
  upgrade_required: ['invalid', 426],
  headers_too_large: ['invalid', 431],
} as const satisfies Record<string, readonly [ErrorKind, number]>;

type RefusalCode = keyof typeof refusals;

export const refusal = (code: RefusalCode, message: string, options: AppErrorOptions = {}): AppError =>
  new AppError(refusals[code][0], code, message, options);

/** The status that a code stands for, where its kind does not say enough. */
export const statusOf = (code: string): number | undefined =>
  Object.hasOwn(refusals, code) ? refusals[code as RefusalCode][1] : undefined;

export const notJson = (): AppError =>
  refusal('media_type_unsupported', 'the body has to be JSON: send it with Content-Type: application/json');
