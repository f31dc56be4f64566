import { join } from 'node:path';
import { newId, repositoryRoot } from '@tower/kit';
import { aCard } from '../planning/planning.fixture';
import { Catalogue } from '../workflows/catalogue';
import { measurementsOf, type Measurement } from './calibration';

const library = Catalogue.read(join(repositoryRoot, 'workflows'));
const measure = async (workflow: string, checkpoints: string[]): Promise<Measurement[]> =>
  measurementsOf((await library).get(workflow), aCard({ checkpoints, models: { checkpoints } }), newId());

const requests = (measurement: Measurement | undefined): unknown =>
  measurement && 'requests' in measurement
    ? measurement.requests.map(({ preset, count, steps, model_name }) => [preset, count, steps, model_name])
    : measurement;

describe('what measures a card', () => {
  it('is the quickest preset twice and a larger one once, with four steps, for each model of the family', async () => {
    const measurements = await measure('anime-still-sd15', [
      'b.safetensors',
      'anime_sd15.safetensors',
      'xl_sdxl.safetensors',
    ]);
    expect(measurements.map(requests)).toEqual([
      [
        ['draft', 2, 4, 'anime_sd15.safetensors'],
        ['standard', 1, 4, 'anime_sd15.safetensors'],
      ],
      [
        ['draft', 2, 4, 'b.safetensors'],
        ['standard', 1, 4, 'b.safetensors'],
      ],
    ]);
    const [first] = measurements;
    expect(first && 'requests' in first && first.requests[0]).toMatchObject({
      priority: 'low',
      auto_quality_check: false,
      max_regenerations: 0,
      workflow: 'anime-still-sd15',
    });
  });

  it('is of films the two quickest presets', async () => {
    const [first] = await measure('loop-animatediff', ['a.safetensors']);
    expect(requests(first)).toEqual([
      ['draft', 2, 4, 'a.safetensors'],
      ['low', 1, 4, 'a.safetensors'],
    ]);
  });

  it('is at most eight models of a workflow; the others are named', async () => {
    const many = Array.from({ length: 10 }, (_, index) => `m${index}.safetensors`);
    const measurements = await measure('anime-still-sd15', many);
    expect(measurements.filter((one) => 'requests' in one)).toHaveLength(8);
    expect(measurements.slice(8)).toEqual(
      ['m8.safetensors', 'm9.safetensors'].map((modelName) => ({
        workflow: 'anime-still-sd15',
        modelName,
        reason: '8 other models of this workflow are measured',
      })),
    );
  });

  it('is nothing where there is no model, or where the work is on something of the user', async () => {
    expect(await measure('anime-still-sd15', ['xl_sdxl.safetensors'])).toEqual([
      { workflow: 'anime-still-sd15', modelName: null, reason: 'rx9070xt has no model for it' },
    ]);
    expect(await measure('interpolate-rife', [])).toEqual([
      { workflow: 'interpolate-rife', modelName: null, reason: 'it works on a film of yours' },
    ]);
    expect(await measure('upscale-esrgan', [])).toEqual([
      { workflow: 'upscale-esrgan', modelName: null, reason: 'it works on a picture of yours' },
    ]);
  });
});
