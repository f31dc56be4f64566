import { join } from 'node:path';
import { repositoryRoot } from '@tower/kit';
import { Catalogue } from '../workflows/catalogue';
import { sizeUnder } from './work-size';

describe('the size of work', () => {
  const parameters = { width: 832, height: 480, frame_count: 81 };
  const promised = { width: 832, height: 480, frames: 81, parameters };
  const under = async (steps: ('smaller_size' | 'tiled_vae')[], values: typeof parameters | null = parameters) => {
    const workflows = await Catalogue.read(join(repositoryRoot, 'workflows'));
    return sizeUnder(workflows.get('video-wan21-t2v'), { ...promised, parameters: values }, { steps });
  };

  it('is what was promised, whatever else recovery changes', async () => {
    for (const steps of [[], ['tiled_vae' as const]])
      expect(await under(steps)).toEqual({ width: 832, height: 480, frames: 81 });
  });

  it('is smaller with each step that makes it so', async () => {
    const [once, twice] = [await under(['smaller_size']), await under(['smaller_size', 'smaller_size'])];
    expect(once).toEqual({ width: 624, height: 368, frames: 61 });
    expect(twice.width).toBeLessThan(once.width);
    expect(twice.frames).toBeLessThan(once.frames);
  });

  it('stays the promised one where the values are not known that it was made from', async () => {
    expect(await under(['smaller_size'], null)).toEqual({ width: 832, height: 480, frames: 81 });
  });
});
