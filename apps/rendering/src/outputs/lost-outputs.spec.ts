import type { ComfyClient, FileRef, PromptGraph } from '@tower/comfyui';
import { findLostOutputs } from './lost-outputs';

/** A server that has forgotten its prompts and kept these files in `output/tower`. */
const serverWith = (...names: string[]): ComfyClient =>
  ({
    has: ({ filename, subfolder }: FileRef) => Promise.resolve(subfolder === 'tower' && names.includes(filename)),
  }) as unknown as ComfyClient;

function found(client: ComfyClient, more: PromptGraph[string]['inputs'] = {}): Promise<FileRef[] | undefined> {
  const inputs = {
    images: ['5', 0] as [string, number],
    format: 'video/h264-mp4',
    filename_prefix: 'tower/a',
    ...more,
  };
  return findLostOutputs(client, { '6': { class_type: 'VHS_VideoCombine', inputs } }, [
    { node: '6', prefix_input: 'filename_prefix' },
  ]);
}

describe('a film whose prompt was forgotten', () => {
  it('is found under the name that its node gave it', async () => {
    expect(await found(serverWith('a_00001.mp4'))).toEqual([
      { filename: 'a_00001.mp4', subfolder: 'tower', type: 'output' },
    ]);
    expect(await found(serverWith())).toBeUndefined();
  });

  it('is the one with sound where there was to be sound, and none where only the silent one is left', async () => {
    const audio: [string, number] = ['1', 2];
    expect(await found(serverWith('a_00001.mp4', 'a_00001-audio.mp4'), { audio })).toEqual([
      { filename: 'a_00001-audio.mp4', subfolder: 'tower', type: 'output' },
    ]);
    expect(await found(serverWith('a_00001.mp4'), { audio })).toBeUndefined();
  });
});
