import { SemVer, coerce } from 'semver';

/**
 * The release that a program's own words about its version name: `v0.3.64-12-gabc1234`, `0.3.64+local` and
 * `0.3.64rc1` are all 0.3.64, and `0.28` is 0.28.0. What does not begin with a number (`unknown`, a bare commit) is
 * 0.0.0, older than every release.
 */
export const releaseOf = (version: string): SemVer =>
  (/^v?\d+([.+-]|$)/.test(version) ? coerce(version) : null) ?? new SemVer('0.0.0');
