import { askedPreset, generateRequest, givenSeed } from './generate-request';
import { maxSeed } from './primitives';

const request = (parameters: Record<string, unknown>): unknown => ({
  project_id: '01a1fbd7-c04b-718d-89fc-06181ab1a4b8',
  job_type: 'still_image',
  prompt: 'x',
  parameters,
});
const many = (count: number): Record<string, number> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, index]));

describe('the further parameters of a request', () => {
  it('are at most 64', () => {
    expect(generateRequest.safeParse(request(many(64))).success).toBe(true);
    expect(generateRequest.safeParse(request(many(65))).error?.issues).toEqual([
      expect.objectContaining({ path: ['parameters'], message: 'must have at most 64 parameters' }),
    ]);
  });

  it('are texts of at most 4,000 characters', () => {
    expect(generateRequest.safeParse(request({ note: 'x'.repeat(4_000) })).success).toBe(true);
    expect(generateRequest.safeParse(request({ note: 'x'.repeat(4_001) })).success).toBe(false);
    expect(generateRequest.safeParse(request({ note: 'a\u0000b' })).success).toBe(false);
  });
});

describe('the seed of a request', () => {
  const asked = (seed: unknown, count = 1) => generateRequest.safeParse({ ...(request({}) as object), seed, count });

  it.each([undefined, null, -1])('is chosen for %s, as other tools have it', (seed) => {
    const parsed = asked(seed, 64);
    expect(parsed.success && givenSeed(parsed.data)).toBeUndefined();
  });

  it('is taken as it is given, and leaves room for the whole batch', () => {
    const parsed = asked(0);
    expect(parsed.data && givenSeed(parsed.data)).toBe(0);
    expect(asked(maxSeed).success).toBe(true);
    expect(asked(maxSeed, 2).error?.issues).toEqual([expect.objectContaining({ path: ['seed'] })]);
  });

  it.each([-2, 1.5, 'any'])('is refused when it is %s, saying how one is chosen', (seed) => {
    expect(asked(seed).error?.issues[0]?.message).toMatch(/leave it out, or give null or -1/);
  });
});

describe('the time of a request', () => {
  const issues = (given: Record<string, unknown>): unknown =>
    generateRequest.safeParse({ ...(request({}) as object), ...given }).error?.issues.map(({ path }) => path.join('/'));

  it('is a budget or an instant, and may be strict', () => {
    for (const given of [
      { time_budget_seconds: 0.5 },
      { deadline_at: '2026-03-01T12:00:00Z', strict_deadline: true },
      { deadline_at: '2026-03-01T12:00:00+02:00' },
      { strict_deadline: false },
    ])
      expect(issues(given)).toBeUndefined();
  });

  it.each([
    [{ time_budget_seconds: 60, deadline_at: '2026-03-01T12:00:00Z' }, ['deadline_at']],
    [{ time_budget_seconds: 0 }, ['time_budget_seconds']],
    [{ time_budget_seconds: -5 }, ['time_budget_seconds']],
    [{ time_budget_seconds: 1e9 }, ['time_budget_seconds']],
    [{ time_budget_seconds: '60' }, ['time_budget_seconds']],
    [{ deadline_at: 'tomorrow' }, ['deadline_at']],
    [{ deadline_at: '2026-03-01T12:00:00' }, ['deadline_at']],
    [{ strict_deadline: true }, ['strict_deadline']],
  ])('is refused by its field: %j', (given, expected) => {
    expect(issues(given)).toEqual(expected);
  });

  it('starts from the standard preset', () => {
    expect(askedPreset({})).toBe('standard');
    expect(askedPreset({ preset: 'final' })).toBe('final');
  });
});
