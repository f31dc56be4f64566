import type { Duplex } from 'node:stream';

/** Milliseconds that the other side gets to read the last bytes; closing at once could take them from it. */
const readMs = 1_000;
/** Milliseconds for the last bytes to leave at all. */
const leaveMs = 5_000;

/**
 * Sends the last bytes of a connection and closes it, whatever the other side does. `end` alone closes our half: a
 * client that keeps its own half open would keep the descriptor for as long as it likes.
 */
export function hangUp(socket: Duplex, lastBytes: string): void {
  const close = (): void => void socket.destroy();
  let patience = setTimeout(close, leaveMs);
  socket.once('finish', () => {
    clearTimeout(patience);
    patience = setTimeout(close, readMs);
  });
  socket.once('close', () => clearTimeout(patience));
  socket.on('error', close);
  // Unread, a goodbye of the other side would never be seen.
  socket.resume();
  socket.end(lastBytes);
}
