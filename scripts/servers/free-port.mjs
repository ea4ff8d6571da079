import { createServer } from 'node:net';

/**
 * The wished-for TCP port of 127.0.0.1 where it is free, else one that was free a moment ago.
 * @param {number} [wish]
 * @returns {Promise<number>}
 */
export function freePort(wish = 0) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => (wish === 0 ? reject(error) : resolve(freePort())));
    server.listen(wish, '127.0.0.1', () => {
      const address = server.address();
      const port = address !== null && typeof address === 'object' ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
