import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { awaitUntil } from './await-until.js';
import { type TcpProxy, tcpProxy } from './tcp-proxy.js';

/** A server that says its name and then repeats what it hears. */
function echo(name: string): Promise<{ server: Server; port: number; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.write(`${name}\n`);
    socket.pipe(socket);
  });
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({ server, sockets, port: typeof address === 'object' && address !== null ? address.port : 0 });
    }),
  );
}

describe('tcpProxy', () => {
  let first: Awaited<ReturnType<typeof echo>>;
  let second: Awaited<ReturnType<typeof echo>>;
  let proxy: TcpProxy;
  const clients: Socket[] = [];

  const connect = () => {
    const socket = createConnection(proxy.port, '127.0.0.1');
    const heard = { text: '', closed: false };
    socket.on('error', () => {});
    socket.on('close', () => {
      heard.closed = true;
    });
    socket.on('data', (bytes) => {
      heard.text += bytes.toString();
    });
    clients.push(socket);
    return { socket, heard };
  };

  beforeEach(async () => {
    first = await echo('first');
    second = await echo('second');
    proxy = await tcpProxy(first.port, second.port);
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await proxy[Symbol.asyncDispose]();
    for (const { server, sockets } of [first, second]) {
      for (const socket of sockets) socket.destroy();
      server.close();
    }
  });

  it('leads to its targets in turn, passing over those that refuse', async () => {
    const seen: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      const { heard } = connect();
      await awaitUntil(() => heard.text.endsWith('\n'));
      seen.push(heard.text.trim());
    }
    expect(seen).toEqual(['first', 'second', 'first']);
    await new Promise((resolve) => {
      for (const socket of second.sockets) socket.destroy();
      second.server.close(resolve);
    });
    const { heard } = connect();
    await awaitUntil(() => heard.text === 'first\n');
  });

  it('tells nobody of a silence, and hands over what was sent meanwhile when it ends', async () => {
    const { socket, heard } = connect();
    await awaitUntil(() => heard.text === 'first\n');
    proxy.silence();
    socket.write('hello');
    const late = connect();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([heard, late.heard]).toEqual([
      { text: 'first\n', closed: false },
      { text: '', closed: false },
    ]);
    proxy.heal();
    await awaitUntil(() => heard.text === 'first\nhello');
    await awaitUntil(() => late.heard.text === 'second\n');
  });

  it('keeps the end of one side to itself during a silence', async () => {
    const { socket, heard } = connect();
    await awaitUntil(() => heard.text === 'first\n');
    proxy.silence();
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(first.sockets.size).toBe(1);
    proxy.heal();
    await awaitUntil(() => first.sockets.size === 0);
  });

  it('resets connections, and takes new ones', async () => {
    const { heard } = connect();
    await awaitUntil(() => heard.text === 'first\n');
    proxy.cut();
    await awaitUntil(() => heard.closed);
    const again = connect();
    await awaitUntil(() => again.heard.text === 'second\n');
  });

  it('delays, and lets no more through than its bandwidth', async () => {
    proxy.shape({ latency: 60, bandwidth: 100_000 });
    const began = performance.now();
    const { socket, heard } = connect();
    await awaitUntil(() => heard.text === 'first\n', { interval: 2 });
    expect(performance.now() - began).toBeGreaterThan(59);
    socket.write('x'.repeat(20_000));
    await awaitUntil(() => heard.text.length === 20_006, { interval: 2 });
    // There and back: twice 60 ms, and 200 ms for the first byte of the answer's tail to have arrived.
    expect(performance.now() - began).toBeGreaterThan(360);
  });

  it('hands bytes over in the order in which they were sent, also where the link becomes faster meanwhile', async () => {
    const { socket, heard } = connect();
    await awaitUntil(() => heard.text === 'first\n');
    proxy.shape({ latency: 80 });
    socket.write('slow ');
    await awaitUntil(() => socket.writableLength === 0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    proxy.shape({});
    socket.write('fast');
    await awaitUntil(() => heard.text.length === 'first\nslow fast'.length);
    expect(heard.text).toBe('first\nslow fast');
  });
});
