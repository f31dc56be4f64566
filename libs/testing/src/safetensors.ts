/** A valid safetensors file with one tensor of so many bytes, which follow from the seed. */
export function safetensors(dataBytes: number, seed = 1): Buffer {
  const header = Buffer.from(
    JSON.stringify({
      __metadata__: { made: 'for tests' },
      weight: { dtype: 'U8', shape: [dataBytes], data_offsets: [0, dataBytes] },
    }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const data = Buffer.alloc(dataBytes);
  let state = seed;
  for (let index = 0; index < dataBytes; index += 1) {
    // Multiplier and increment of the "quick and dirty" generator in Numerical Recipes, 7.1.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    data[index] = state >>> 24;
  }
  return Buffer.concat([length, header, data]);
}
