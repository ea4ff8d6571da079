import { createConnection, createServer, type Server, type Socket } from 'node:net';

/** A relay in front of a server that can go silent, as a network does that loses every packet. */
export interface TcpRelay extends AsyncDisposable {
  readonly port: number;
  /** From now on nothing passes, in either direction, and nobody is told. */
  silence(): void;
}

/** Opens a relay to a port of this machine. */
export async function tcpRelay(target: number): Promise<TcpRelay> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((near) => {
    const far = createConnection(target, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => {});
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    silence: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
