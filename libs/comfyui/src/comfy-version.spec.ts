import { compareVersions, judgeVersion } from './comfy-version';

describe('compareVersions', () => {
  it.each([
    ['0.3.64', '0.28.0', -1],
    ['0.28', '0.28.0', 0],
    ['v0.33.0', '0.28.0', 1],
    ['0.28.0rc1', '0.28.0', 0],
    ['v0.28.0-12-gabc1234', '0.28.0', 0],
    ['0.3.100', '0.3.64', 1],
  ])('puts %s against %s', (a, b, sign) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign);
    expect(Math.sign(compareVersions(b, a))).toBe(sign === 0 ? 0 : -sign);
  });
});

describe('judgeVersion', () => {
  it('uses a new server without a word', () => {
    expect(judgeVersion('rtx3060', '0.33.0', '0.3.64')).toEqual({ refusal: null, warning: null });
  });

  it('uses an older one and names its known holes', () => {
    const verdict = judgeVersion('rtx3060', '0.3.64', '0.3.64');
    expect(verdict.refusal).toBeNull();
    expect(verdict.warning).toMatch(/CVE-2026-56670 to CVE-2026-56674/);
    expect(verdict.warning).toMatch(/0\.28\.0/);
  });

  it.each(['0.3.63', '0.2', 'unknown', '12ab34c'])(
    'refuses %s below the oldest one allowed, and says what to do',
    (version) => {
      expect(judgeVersion('rtx3060', version, '0.3.64').refusal).toMatch(
        /oldest one allowed.*TOWER_COMFYUI_MIN_VERSION/,
      );
    },
  );

  it('refuses what an operator finds too old', () => {
    expect(judgeVersion('rtx3060', '0.3.64', '0.28.0').refusal).toMatch(/0\.28\.0/);
  });
});
