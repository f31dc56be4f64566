import { releaseOf } from '@tower/kit';
import { gte, satisfies } from 'semver';

/** 2.10 brought several filter subjects per consumer and the consumer limits that the streams rely on. */
export const oldestUsable = '2.10';

/**
 * The newest release at the time of writing; it has the fixes of every advisory up to then. What is older is used with
 * a warning.
 */
export const recommended = '2.14.5';

/** Security advisories of nats-server, and the releases that have the fault. */
const advisories: readonly { readonly id: string; readonly affected: string }[] = [
  {
    id: 'CVE-2025-30215 (any JetStream user may purge streams of other accounts)',
    affected: '>=2 <2.10.27 || >=2.11 <2.11.1',
  },
  {
    id: 'CVE-2026-33215 to CVE-2026-33249 (among them messages sent to forbidden subjects)',
    affected: '>=2 <2.11.15 || >=2.12 <2.12.6',
  },
  {
    id: 'CVE-2026-58253 (routes and leaf nodes without authentication where no_auth_user is set)',
    affected: '>=2 <2.11.16 || >=2.12 <2.12.7 || >=2.13 <2.14',
  },
];

/** Those that a version still has, by name. */
export const knownVulnerabilities = (version: string): string[] =>
  advisories.filter(({ affected }) => satisfies(releaseOf(version), affected)).map(({ id }) => id);

export const isRecommended = (version: string): boolean => gte(releaseOf(version), recommended);

/** What a person should know of a version, or undefined. */
export function versionWarning(version: string): string | undefined {
  if (isRecommended(version)) return undefined;
  const faults = knownVulnerabilities(version);
  const named = faults.length === 0 ? 'is old' : `has known vulnerabilities: ${faults.join('; ')}`;
  return `nats-server ${version} ${named}. Install ${recommended} or newer and set NATS_SERVER_BIN to it`;
}

export const isUsable = (version: string): boolean => satisfies(releaseOf(version), `>=${oldestUsable}`);
