import { releaseOf } from '@tower/kit';
import { compare } from 'semver';

/** The oldest server that is tested with. */
export const oldestTestedVersion = '0.3.64';

/** First version without the holes below (reliability study, E.1). */
const firstWithoutKnownHoles = '0.28.0';
const knownHoles =
  'CVE-2026-56670 to CVE-2026-56674 (script in a picture on /view, reading files ' +
  'outside the folders, requests from other web pages)';

/** Negative when `a` is older than `b`; what follows the numbers (`+local`, `rc1`, `-12-gabc1234`) is ignored. */
export const compareVersions = (a: string, b: string): number => compare(releaseOf(a), releaseOf(b));

interface VersionVerdict {
  /** Why the server is not used, in words; null when it is. */
  refusal: string | null;
  /** What a person should know of a server that is used. */
  warning: string | null;
}

/** Whether a server of this version is used, given the oldest one that may be. */
export function judgeVersion(name: string, version: string, oldestAllowed: string): VersionVerdict {
  const known = /^v?\d/.test(version);
  if (!known)
    return {
      refusal:
        `${name} does not say which version of ComfyUI it is, so it is older than ${oldestAllowed}, the ` +
        `oldest one allowed; update it or set TOWER_COMFYUI_MIN_VERSION`,
      warning: null,
    };
  if (compareVersions(version, oldestAllowed) < 0)
    return {
      refusal:
        `${name} runs ComfyUI ${version}; the oldest one allowed is ` +
        `${oldestAllowed}: update it or set TOWER_COMFYUI_MIN_VERSION`,
      warning: null,
    };
  if (compareVersions(version, firstWithoutKnownHoles) >= 0) return { refusal: null, warning: null };
  return {
    refusal: null,
    warning:
      `ComfyUI ${version} has known vulnerabilities, mended in ${firstWithoutKnownHoles}: ${knownHoles}. ` +
      `Let nobody but Tower reach ${name}, or update it.`,
  };
}
