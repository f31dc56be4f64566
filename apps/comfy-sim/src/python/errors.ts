/** An exception as Python would raise it: `type` is what the server reports, `str(ex)` is the message. */
export class PyError extends Error {
  constructor(
    readonly type: string,
    message: string,
    /** Source lines of the made-up traceback, innermost last. */
    readonly frames: readonly string[] = [],
  ) {
    super(message);
  }
}

/** str(KeyError('99')) is "'99'". */
export const keyError = (key: string): PyError => new PyError('KeyError', `'${key}'`);
export const typeError = (message: string): PyError => new PyError('TypeError', message);
