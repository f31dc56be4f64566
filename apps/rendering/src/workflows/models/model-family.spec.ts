import { familyInMetadata, familyOf, hintedFamily } from './model-family';

it.each([
  ['SDXL/ProteusV0.4.safetensors', 'sdxl'],
  ['SDXL\\ProteusV0.4.safetensors', 'sdxl'],
  ['juggernautXL_v9.safetensors', 'sdxl'],
  ['waiNSFWIllustrious_v140.safetensors', 'sdxl'],
  ['anime_sd15.safetensors', 'sd15'],
  ['v1-5-pruned-emaonly.safetensors', 'sd15'],
  ['SD15/anything.safetensors', 'sd15'],
  ['SD15/ponyDiffusion.safetensors', 'sdxl'],
  ['ProteusV0.4.safetensors', undefined],
  ['anything-v5.safetensors', undefined],
])('%s hints at %s', (name, family) => {
  expect(hintedFamily(name)).toBe(family);
});

it('believes a statement before a name, and takes what says nothing for SD 1.5', () => {
  expect(familyOf('SD15\\Proteus.safetensors', { 'SD15/Proteus.safetensors': 'sdxl' })).toBe('sdxl');
  expect(familyOf('pony.safetensors', {})).toBe('sdxl');
  expect(familyOf('Proteus.safetensors')).toBe('sd15');
});

it.each([
  [{ 'modelspec.architecture': 'stable-diffusion-xl-v1-base' }, 'sdxl'],
  [{ 'modelspec.architecture': 'stable-diffusion-v1' }, 'sd15'],
  [{ ss_base_model_version: 'sdxl_base_v1-0' }, 'sdxl'],
  [{ ss_base_model_version: 'sd_v1' }, 'sd15'],
  [{ 'modelspec.architecture': 'flux-1-dev' }, undefined],
  [{ ss_base_model_version: 'sd_v2' }, undefined],
  [{ format: 'pt' }, undefined],
  [{ 'modelspec.architecture': 7 }, undefined],
])('%j says %s', (metadata, family) => {
  expect(familyInMetadata(metadata as Record<string, unknown>)).toBe(family);
});
