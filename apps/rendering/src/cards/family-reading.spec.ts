import { AppError } from '@tower/kit';
import { FamilyReading } from './family-reading';

const headers: Record<string, Record<string, unknown>> = {
  'SDXL\\Proteus.safetensors': { 'modelspec.architecture': 'stable-diffusion-xl-v1-base' },
  'plain.safetensors': { format: 'pt' },
};
let asked: string[];
let isDown: boolean;
const source = {
  metadata: (folder: string, name: string): Promise<Record<string, unknown> | undefined> => {
    asked.push(`${folder}/${name}`);
    return isDown
      ? Promise.reject(new AppError('unavailable', 'comfyui_unreachable', 'no answer'))
      : Promise.resolve(headers[name]);
  },
};
beforeEach(() => {
  asked = [];
  isDown = false;
});

const checkpoints = ['SDXL\\Proteus.safetensors', 'plain.safetensors', 'old.ckpt', 'sub/mine.safetensors'];

it('believes the operator, then the file, and reads each header once', async () => {
  const reading = new FamilyReading(source, {
    'mine.safetensors': 'sd15',
    'sub/mine.safetensors': 'sdxl',
    'old.ckpt': 'sd15',
  });
  const stated = { 'SDXL/Proteus.safetensors': 'sdxl', 'old.ckpt': 'sd15', 'sub/mine.safetensors': 'sdxl' };
  expect(await reading.of(checkpoints)).toEqual(stated);
  expect(await reading.of(checkpoints)).toEqual(stated);
  expect(asked).toEqual(['checkpoints/SDXL\\Proteus.safetensors', 'checkpoints/plain.safetensors']);
});

it('asks again later where the server does not answer, and for a few at a time', async () => {
  const reading = new FamilyReading(source, {});
  isDown = true;
  expect(await reading.of(checkpoints)).toEqual({});
  isDown = false;
  expect(await reading.of(checkpoints)).toEqual({ 'SDXL/Proteus.safetensors': 'sdxl' });
  asked = [];
  const many = Array.from({ length: 45 }, (_, n) => `m${n}.safetensors`);
  for (const expected of [20, 40, 45, 45]) {
    await reading.of(many);
    expect(asked).toHaveLength(expected);
  }
});
