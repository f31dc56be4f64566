import { generateRequest } from './generate-request';

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
