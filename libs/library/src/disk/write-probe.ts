import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '@tower/kit';
import { flushToDisk } from './flush';

/** Bytes. */
const pieceBytes = 1024 ** 2;
const mostBytes = 64 * 1024 ** 2;

/** The file of a probe that was cut off; whoever cleans up may remove it. */
export const probeName = /^\.probe-[0-9a-f-]{36}(n*|-a1-1~2)\.tmp$/i;

/** Writes a file of `bytes` (64 MiB at most) into the folder, flushes and removes it. Throws what the system says. */
export async function tryToWrite(folder: string, bytes: number): Promise<void> {
  const path = join(folder, `.probe-${newId()}.tmp`);
  const handle = await open(path, 'wx', 0o600);
  try {
    try {
      const piece = Buffer.alloc(pieceBytes);
      for (let left = Math.min(bytes, mostBytes); left > 0; left -= pieceBytes)
        await writeWhole(handle, piece.subarray(0, Math.min(left, pieceBytes)));
    } finally {
      await handle.close();
    }
    await flushToDisk(path);
  } finally {
    await rm(path, { force: true });
  }
}

/** A disk that fills takes a part of a piece first and refuses the rest. */
async function writeWhole(handle: Awaited<ReturnType<typeof open>>, piece: Buffer): Promise<void> {
  for (let done = 0; done < piece.length;) done += (await handle.write(piece, done)).bytesWritten;
}
