/** 2.10 brought several filter subjects per consumer and the consumer limits that the streams rely on. */
export const oldestUsable = [2, 10] as const;

/**
 * The newest release at the time of writing; it has the fixes of every advisory up to then. What is older is used with
 * a warning.
 */
export const recommended = '2.14.5';

/**
 * Security advisories of nats-server, and from which patch of each minor release on they are mended; minors above these
 * never had the fault.
 */
const advisories: readonly { readonly id: string; readonly fixedIn: Readonly<Record<number, number>> }[] = [
  { id: 'CVE-2025-30215 (any JetStream user may purge streams of other accounts)', fixedIn: { 10: 27, 11: 1 } },
  {
    id: 'CVE-2026-33215 to CVE-2026-33249 (among them messages sent to forbidden subjects)',
    fixedIn: { 11: 15, 12: 6 },
  },
  {
    id: 'CVE-2026-58253 (routes and leaf nodes without authentication where no_auth_user is set)',
    fixedIn: { 11: 16, 12: 7, 14: 0 },
  },
];

/** Those that a version still has, by name. */
export function knownVulnerabilities(version: string): string[] {
  const [major = 0, minor = 0, patch = 0] = numbersOf(version);
  if (major !== 2) return [];
  const hasFault = (fixedIn: Readonly<Record<number, number>>): boolean => {
    const mendedAt = fixedIn[minor];
    return mendedAt === undefined ? minor < Math.max(...Object.keys(fixedIn).map(Number)) : patch < mendedAt;
  };
  return advisories.filter(({ fixedIn }) => hasFault(fixedIn)).map(({ id }) => id);
}

export function isRecommended(version: string): boolean {
  const [have, want] = [numbersOf(version), numbersOf(recommended)];
  const differing = want.findIndex((number, index) => number !== (have[index] ?? 0));
  return differing === -1 || (have[differing] ?? 0) > (want[differing] ?? 0);
}

/** What a person should know of a version, or undefined. */
export function versionWarning(version: string): string | undefined {
  if (isRecommended(version)) return undefined;
  const faults = knownVulnerabilities(version);
  const named = faults.length === 0 ? 'is old' : `has known vulnerabilities: ${faults.join('; ')}`;
  return `nats-server ${version} ${named}. Install ${recommended} or newer and set NATS_SERVER_BIN to it`;
}

/** Major, minor, patch; what stands behind a hyphen does not count. */
const numbersOf = (version: string): number[] =>
  version
    .split('-')[0]
    ?.split('.')
    .map((part) => Number.parseInt(part, 10)) ?? [];

export function isUsable(version: string): boolean {
  const [major = 0, minor = 0] = numbersOf(version);
  const [oldestMajor, oldestMinor] = oldestUsable;
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}
