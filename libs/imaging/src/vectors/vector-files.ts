import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Golden values made with the original Python packages; `TOWER_VECTORS` points to another set, say of a newer version. */
export const vectorsFolder = process.env['TOWER_VECTORS'] ?? join(__dirname, '../../test-data/quality');

/** The caller states the shape it relies on; the files are data of our own and are not validated again. */
export const readVectors = <T>(name: string): T => JSON.parse(readFileSync(join(vectorsFolder, 'vectors', `${name}.json`), 'utf8')) as T;

export const vectorPath = (relative: string): string => join(vectorsFolder, relative);

export interface BinaryReference {
  readonly bin: string;
  readonly dtype: 'u8' | '<f4';
  readonly shape: readonly number[];
}

export const readBytes = ({ bin }: BinaryReference): Uint8Array => readFileSync(vectorPath(bin));

export function readFloats({ bin }: BinaryReference): Float32Array {
  const bytes = readFileSync(vectorPath(bin));
  return Float32Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
}
