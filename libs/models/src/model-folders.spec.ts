import { ggufListOf, listWithFile, modelFolderName } from './model-folders';

describe('the names of model folders', () => {
  it.each([
    ['unet', 'diffusion_models'],
    ['unet_gguf', 'diffusion_models'],
    ['diffusion_models', 'diffusion_models'],
    ['clip', 'text_encoders'],
    ['clip_gguf', 'text_encoders'],
    ['text_encoders', 'text_encoders'],
    ['clip_vision', 'clip_vision'],
    ['constructor', 'constructor'],
  ])('mean with %s the folder %s', (name, folder) => {
    expect(modelFolderName(name)).toBe(folder);
  });

  it('tell in which list a file stands', () => {
    expect(listWithFile('diffusion_models', 'wan.gguf')).toBe('unet_gguf');
    expect(listWithFile('text_encoders', 't5.gguf')).toBe('clip_gguf');
    expect(listWithFile('diffusion_models', 'wan.safetensors')).toBe('diffusion_models');
    expect(listWithFile('loras', 'a.gguf')).toBe('loras');
    expect(ggufListOf('vae')).toBeUndefined();
  });
});
