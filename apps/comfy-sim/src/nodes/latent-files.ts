import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { seededRandom } from '@tower/kit';
import { nextSavePath } from '../files/save-path';
import { recipeFingerprint } from '../pictures/recipe';
import { dict } from '../python/values';
import { metadataTexts } from './film-place';
import type { NodeBehaviour } from './node-behaviour';
import { LatentValue } from './node-value';

/** A safetensors file: the length of its header, the header, and the floats. What no sampler has touched is 0. */
export const saveLatent: NodeBehaviour = {
  functionName: 'SaveLatent.save',
  run(call) {
    const latent = call.value('samples', LatentValue);
    const target = nextSavePath(call.runtime.folders, 'output', call.text('filename_prefix'), 0, 0, new Date());
    const filename = `${target.fileName}_${String(target.counter).padStart(5, '0')}_.latent`;
    const { channels, cell, isVideo, clips } = latent.layout;
    const side = [latent.height / cell, latent.width / cell];
    const shape = isVideo ? [clips, channels, latent.frames / clips, ...side] : [latent.batch, channels, ...side];
    const values = floatsOf(
      latent,
      shape.reduce((product, size) => product * size, 1),
    );
    const header = Buffer.from(
      JSON.stringify({
        __metadata__: Object.fromEntries(metadataTexts(call)),
        latent_format_version_0: { dtype: 'F32', shape: [0], data_offsets: [0, 0] },
        latent_tensor: { dtype: 'F32', shape, data_offsets: [0, values.length] },
      }),
      'utf8',
    );
    const padded = Buffer.concat([header, Buffer.alloc((8 - (header.length % 8)) % 8, ' ')]);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(padded.length));
    writeFileSync(path.join(target.folder, filename), Buffer.concat([length, padded, values]));
    return {
      outputs: [latent],
      ui: dict({ latents: [dict({ filename, subfolder: target.subfolder, type: 'output' })] }),
    };
  },
};

function floatsOf(latent: LatentValue, count: number): Buffer {
  const out = Buffer.alloc(count * 4);
  if (!latent.recipes.some(({ sampled }) => sampled)) return out;
  const random = seededRandom(
    createHash('sha256').update(latent.recipes.map(recipeFingerprint).join()).digest().readUInt32BE(0),
  );
  for (let at = 0; at < count; at += 1) out.writeFloatLE(4 * random() - 2, 4 * at);
  return out;
}
