import { dumpJson } from '../python/json';
import type { PyDict } from '../python/values';

/** Binary frames start with a big-endian u32: 1 bare preview, 4 preview with metadata. */
const previewEvent = 1;
const previewWithMetadataEvent = 4;

export interface Preview {
  readonly format: 'jpeg' | 'png';
  readonly bytes: Buffer;
}

function words(...values: number[]): Buffer {
  const out = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => out.writeUInt32BE(value, index * 4));
  return out;
}

export function previewFrame({ format, bytes }: Preview): Buffer {
  return Buffer.concat([words(previewEvent, format === 'jpeg' ? 1 : 2), bytes]);
}

export function previewWithMetadataFrame({ format, bytes }: Preview, metadata: PyDict): Buffer {
  const json = Buffer.from(dumpJson(new Map([...metadata, ['image_type', `image/${format}`]])), 'utf8');
  return Buffer.concat([words(previewWithMetadataEvent, json.length), json, bytes]);
}

/**
 * VideoHelperSuite's own preview: it looks like a bare one, but the picture begins at byte 32, behind the frame's index
 * and the node.
 */
export function vhsPreviewFrame({ bytes }: Preview, index: number): Buffer {
  const node = Buffer.alloc(16);
  node.writeUInt8(1, 0);
  node.write('1', 1);
  return Buffer.concat([words(previewEvent, 1, 1, index), node, bytes]);
}
