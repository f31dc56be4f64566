import { createServer } from 'node:net';

/**
 * A TCP port that was free on the loopback a moment ago. Nothing keeps it: whoever hands it to another process
 * must be ready to ask for a new one when somebody else was quicker.
 */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port: 0, host: '127.0.0.1' }, () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error(`the kernel gave no port for a loopback listener, but ${String(address)}`));
      });
    });
  });
}
