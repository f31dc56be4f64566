import { blake3 as digest } from '@noble/hashes/blake3.js';
import { bytesToHex } from '@noble/hashes/utils.js';

/** 64 hexadecimal digits of BLAKE3, unkeyed: the server names assets by it. Node's own hashes do not include it. */
export const blake3 = (bytes: Buffer): string => bytesToHex(digest(bytes));
