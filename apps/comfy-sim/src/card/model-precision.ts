/**
 * Bits per weight of GGUF files, some tensors of which are kept wider: rounded from the sizes such files of a 14B
 * network have. Prefixes, the first match wins.
 */
const quantised: readonly (readonly [RegExp, number])[] = [
  [/q2_k/i, 3.3],
  [/q3_k_s/i, 3.9],
  [/q3_k/i, 4.2],
  [/q4_[01]/i, 5],
  [/q4_k_s/i, 5.1],
  [/q4_k/i, 5.5],
  [/q5_[01]/i, 5.9],
  [/q5_k_s/i, 5.9],
  [/q5_k/i, 6.2],
  [/q6_k/i, 6.9],
  [/q8_0/i, 8.8],
];

const isGguf = (fileName: string): boolean => /\.gguf$|_gguf_/i.test(fileName);

/** Bits per weight, told from the file's name; 16 where it says nothing. */
export function bitsPerWeight(fileName: string): number {
  if (isGguf(fileName)) return quantised.find(([pattern]) => pattern.test(fileName))?.[1] ?? 16;
  if (/fp8|e4m3|e5m2/i.test(fileName)) return 8;
  return /fp32/i.test(fileName) ? 32 : 16;
}

/** Quantised weights are unpacked layer by layer in each step; by how much that lengthens one. */
export const unpackFactor = (fileName: string): number => (isGguf(fileName) ? 1.15 : 1);
