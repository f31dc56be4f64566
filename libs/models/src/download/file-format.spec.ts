import { safetensors } from '@tower/testing';
import { formatFault, formatOf, formatRefusal, type ModelFormat } from './file-format';

const faultOf = (format: ModelFormat, bytes: Buffer): Promise<string | undefined> =>
  formatFault(format, bytes.length, (position, length) => Promise.resolve(bytes.subarray(position, position + length)));

/** A safetensors file with this header, and as many bytes of tensors. */
function headed(header: string, dataBytes = 0, length = header.length): Buffer {
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(length));
  return Buffer.concat([prefix, Buffer.from(header), Buffer.alloc(dataBytes)]);
}

it('takes a safetensors file, also one whose header is padded, or that holds nothing', async () => {
  for (const bytes of [
    safetensors(1000),
    headed('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}   ', 4),
    headed('{}'),
  ])
    expect(await faultOf('safetensors', bytes)).toBeUndefined();
});

it.each([
  ['a web page', Buffer.from('<!doctype html><title>Sign in</title>'), /impossible length/],
  ['a pickle', Buffer.from([0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20]), /impossible length/],
  ['a header that is longer than the file', headed('{}', 0, 65_535), /impossible length/],
  ['a header that is longer than the format allows', headed('{}', 0, 100_000_001), /impossible length/],
  ['a header that is not JSON', headed('{"a"'), /not JSON/],
  ['a header without tensors', headed('{"a":1}'), /does not list tensors/],
  ['a header that is a list', headed('[1,2]'), /does not list tensors/],
  ['tensors beyond its end', safetensors(1000).subarray(0, -1), /beyond its end/],
  [
    'a tensor that ends before it begins',
    headed('{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}', 4),
    /beyond its end/,
  ],
  ['three bytes', Buffer.from('abc'), /too short/],
])('takes %s for no safetensors file', async (_, bytes, fault) => {
  expect(await faultOf('safetensors', bytes)).toMatch(fault);
});

it('knows an ONNX model by how it begins', async () => {
  expect(await faultOf('onnx', Buffer.from([0x08, 0x07, 0x12, 0x00]))).toBeUndefined();
  for (const bytes of [Buffer.from('PK\u0003\u0004'), Buffer.from('<html>'), Buffer.alloc(0)])
    expect(await faultOf('onnx', bytes)).toMatch(/does not begin/);
});

it('goes by the last ending of a name, in any case', () => {
  expect([formatOf('a.SafeTensors'), formatOf('dir.ckpt/a.onnx')]).toEqual(['safetensors', 'onnx']);
  for (const name of ['a.ckpt', 'a.pth', 'a.pt', 'a.bin', 'a.gguf', 'a', 'a.safetensors.pth'])
    expect(formatRefusal(name)).toMatch(/only \.safetensors and \.onnx/);
});
