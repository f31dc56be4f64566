import { extname } from 'node:path';
import { AppError } from '@tower/kit';
import { z } from 'zod';

export type ModelFormat = 'safetensors' | 'onnx';

/** The most that the format allows for its header, in bytes. */
const maxHeaderBytes = 100_000_000;

const tensor = z.object({
  dtype: z.string(),
  shape: z.array(z.int().min(0)),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});
const header = z
  .looseObject({})
  .transform(({ __metadata__: _, ...tensors }) => tensors)
  .pipe(z.record(z.string(), tensor));

/**
 * Field numbers that a ModelProto may begin with, as protobuf tags: version, producer, domain, graph, operator sets,
 * metadata.
 */
const onnxFirstBytes = new Set([0x08, 0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72]);

/**
 * The format that a file name promises. Only formats that hold numbers and no program are fetched: a pickle (.ckpt,
 * .pth, .pt, .bin) runs what its maker wants when it is opened.
 * @throws AppError `model_format_refused`
 */
export function formatOf(name: string): ModelFormat {
  const refusal = formatRefusal(name);
  if (refusal !== undefined) throw new AppError('conflict', 'model_format_refused', refusal);
  return endingOf(name) === '.onnx' ? 'onnx' : 'safetensors';
}

/** Why a file of that name is not fetched; undefined when it may be. */
export function formatRefusal(name: string): string | undefined {
  const ending = endingOf(name);
  if (ending === '.safetensors' || ending === '.onnx') return undefined;
  return (
    `only .safetensors and .onnx files are fetched, and this is ` +
    `${ending === '' ? 'a file without an ending' : ending}`
  );
}

const endingOf = (name: string): string => extname(name).toLowerCase();

/**
 * Whether the bytes are what the name promises; says what is wrong, or nothing.
 * @param read at most `length` bytes from `position` on
 */
export async function formatFault(
  format: ModelFormat,
  size: number,
  read: (position: number, length: number) => Promise<Buffer>,
): Promise<string | undefined> {
  if (format === 'onnx')
    return onnxFirstBytes.has((await read(0, 1))[0] ?? -1) ? undefined : 'it does not begin as an ONNX model does';
  const start = await read(0, 8);
  if (start.length < 8) return 'it is too short for a safetensors file';
  const headerBytes = start.readBigUInt64LE();
  if (headerBytes < 2n || headerBytes > BigInt(maxHeaderBytes) || headerBytes > BigInt(size - 8))
    return 'its safetensors header has an impossible length';
  const length = Number(headerBytes);
  const text = (await read(8, length)).toString('utf8');
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    return `its safetensors header is not JSON (${(error as SyntaxError).message})`;
  }
  const tensors = header.safeParse(content);
  if (!tensors.success) return 'its safetensors header does not list tensors';
  const dataBytes = size - 8 - length;
  const isOutside = Object.values(tensors.data).some(
    ({ data_offsets: [begin, end] }) => begin > end || end > dataBytes,
  );
  return isOutside ? 'its tensors reach beyond its end' : undefined;
}
