/** What `tower` ends with; a script may rely on them. */
export const exitCode = {
  /** All that was asked for is done. */
  done: 0,
  /** Tower does not answer, what was named is not there or not in that state, or something went wrong. */
  trouble: 1,
  /** The command line or the request is not valid; the same again would be refused again. */
  wrong: 2,
  /** A job that was watched ended otherwise than completed: failed, rejected, timed out or cancelled. */
  notCompleted: 3,
  /** Ctrl-C, or another signal to stop. */
  interrupted: 130,
} as const;

/** For `--help`. */
export const exitCodeHelp = [
  'Exit codes:',
  '  0    all that was asked for is done',
  '  1    Tower does not answer, what was named is not there, or something went wrong',
  '  2    the command line or the request is not valid',
  '  3    a job that was watched ended otherwise than completed',
  '  130  interrupted',
].join('\n');
