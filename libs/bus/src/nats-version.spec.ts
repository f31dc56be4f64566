import { isRecommended, isUsable, knownVulnerabilities, recommended, versionWarning } from './nats-version';

describe('a version of nats-server', () => {
  it.each([
    ['1.4.1', []],
    ['2.9.25', ['CVE-2025-30215', 'CVE-2026-33215', 'CVE-2026-58253']],
    ['2.10.26', ['CVE-2025-30215', 'CVE-2026-33215', 'CVE-2026-58253']],
    ['2.10.27', ['CVE-2026-33215', 'CVE-2026-58253']],
    ['2.11.0', ['CVE-2025-30215', 'CVE-2026-33215', 'CVE-2026-58253']],
    ['2.11.1', ['CVE-2026-33215', 'CVE-2026-58253']],
    ['2.11.14', ['CVE-2026-33215', 'CVE-2026-58253']],
    ['2.11.15', ['CVE-2026-58253']],
    ['2.11.16', []],
    ['2.12.5', ['CVE-2026-33215', 'CVE-2026-58253']],
    ['2.12.6', ['CVE-2026-58253']],
    ['2.12.7', []],
    ['2.13.0', ['CVE-2026-58253']],
    ['2.13.9', ['CVE-2026-58253']],
    ['2.14.0', []],
    ['2.15.1', []],
  ])('%s has these known vulnerabilities', (version, expected) => {
    expect(knownVulnerabilities(version).map((line) => /^CVE-\d+-\d+/.exec(line)?.[0])).toEqual(expected);
  });

  it.each([
    ['2.10.27', false],
    ['2.14.4', false],
    [recommended, true],
    ['2.14.10', true],
    ['2.15.0-beta.1', true],
    ['3.0.0', true],
  ])('%s is new enough: %s', (version, expected) => {
    expect(isRecommended(version)).toBe(expected);
  });

  it.each([
    ['1.4.1', false],
    ['2.9.25', false],
    ['2.10.0', true],
    ['2.10.26-RC.1', true],
    ['3.0.0', true],
    ['unknown', false],
  ])('%s can be used: %s', (version, expected) => {
    expect(isUsable(version)).toBe(expected);
  });

  it('is warned of by name, with what to do', () => {
    expect(versionWarning('2.10.27')).toMatch(
      new RegExp(
        String.raw`^nats-server 2\.10\.27 has known vulnerabilities: CVE-2026-33215 to .*; ` +
          String.raw`CVE-2026-58253 .*Install 2\.14\.5 or newer`,
      ),
    );
    expect(versionWarning('2.14.1')).toMatch(/^nats-server 2\.14\.1 is old\./);
    expect(versionWarning(recommended)).toBeUndefined();
  });
});
