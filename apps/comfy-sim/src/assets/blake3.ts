/**
 * BLAKE3 after its specification, unkeyed, 32 bytes: the server names assets by it. Node's own hashes do not include
 * it.
 */
const iv = Uint32Array.of(
  0x6a09e667,
  0xbb67ae85,
  0x3c6ef372,
  0xa54ff53a,
  0x510e527f,
  0x9b05688c,
  0x1f83d9ab,
  0x5be0cd19,
);
const permutation = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8] as const;
const rounds = 7;
const blockBytes = 64;
const chunkBytes = 1024;
const flags = { chunkStart: 1, chunkEnd: 2, parent: 4, root: 8 } as const;

type Words = Uint32Array;

const rotateRight = (value: number, bits: number): number => (value >>> bits) | (value << (32 - bits));
const at = (words: ArrayLike<number>, index: number): number => words[index] ?? 0;

function mix(state: Words, a: number, b: number, c: number, d: number, x: number, y: number): void {
  state[a] = at(state, a) + at(state, b) + x;
  state[d] = rotateRight(at(state, d) ^ at(state, a), 16);
  state[c] = at(state, c) + at(state, d);
  state[b] = rotateRight(at(state, b) ^ at(state, c), 12);
  state[a] = at(state, a) + at(state, b) + y;
  state[d] = rotateRight(at(state, d) ^ at(state, a), 8);
  state[c] = at(state, c) + at(state, d);
  state[b] = rotateRight(at(state, b) ^ at(state, c), 7);
}

/** Columns, then diagonals, as in the specification. */
const quarters = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const;

/** The first eight words of the output: the next chaining value. */
function compress(chaining: Words, block: Words, counter: number, length: number, flag: number): Words {
  const state = Uint32Array.of(
    ...chaining,
    ...iv.subarray(0, 4),
    counter >>> 0,
    Math.floor(counter / 2 ** 32),
    length,
    flag,
  );
  let message = block;
  for (let round = 0; round < rounds; round += 1) {
    quarters.forEach(([a, b, c, d], index) =>
      mix(state, a, b, c, d, at(message, 2 * index), at(message, 2 * index + 1)),
    );
    const before = message;
    message = Uint32Array.from(permutation, (from) => at(before, from));
  }
  return Uint32Array.from({ length: 8 }, (_, index) => at(state, index) ^ at(state, index + 8));
}

function wordsOf(bytes: Buffer): Words {
  const padded = Buffer.alloc(blockBytes);
  bytes.copy(padded);
  return Uint32Array.from({ length: 16 }, (_, index) => padded.readUInt32LE(index * 4));
}

function chunkValue(chunk: Buffer, index: number, rootFlag: number): Words {
  const blocks = Math.max(1, Math.ceil(chunk.length / blockBytes));
  let chaining: Words = iv;
  for (let block = 0; block < blocks; block += 1) {
    const bytes = chunk.subarray(block * blockBytes, (block + 1) * blockBytes);
    const last = block === blocks - 1;
    const flag = (block === 0 ? flags.chunkStart : 0) | (last ? flags.chunkEnd | rootFlag : 0);
    chaining = compress(chaining, wordsOf(bytes), index, bytes.length, flag);
  }
  return chaining;
}

/** The left part of a tree is the largest power of two of chunks that leaves something for the right. */
function treeValue(bytes: Buffer, firstChunk: number, rootFlag: number): Words {
  const chunks = Math.max(1, Math.ceil(bytes.length / chunkBytes));
  if (chunks === 1) return chunkValue(bytes, firstChunk, rootFlag);
  const left = 2 ** Math.floor(Math.log2(chunks - 1));
  const split = left * chunkBytes;
  const children = [
    treeValue(bytes.subarray(0, split), firstChunk, 0),
    treeValue(bytes.subarray(split), firstChunk + left, 0),
  ];
  return compress(
    iv,
    Uint32Array.of(...(children[0] ?? []), ...(children[1] ?? [])),
    0,
    blockBytes,
    flags.parent | rootFlag,
  );
}

/** 64 hexadecimal digits. */
export function blake3(bytes: Buffer): string {
  const out = Buffer.alloc(32);
  treeValue(bytes, 0, flags.root).forEach((word, index) => out.writeUInt32LE(word, index * 4));
  return out.toString('hex');
}
