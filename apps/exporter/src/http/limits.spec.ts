import { connect, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FakePostgres } from '../../../../test/support/fake-postgres.js';
import { type GivenExporter, givenExporter } from '../../../../test/support/given-exporter.js';

let exporter: GivenExporter;

beforeAll(async () => {
  exporter = await givenExporter(new FakePostgres());
});
afterAll(async () => {
  await exporter[Symbol.asyncDispose]();
});

function open(): Socket {
  const { hostname, port } = new URL(exporter.origin);
  const socket = connect(Number(port), hostname);
  // A server that has answered may hang up while we still send.
  socket.on('error', () => {});
  return socket;
}

/** What comes back until the server hangs up. */
async function answerTo(request: string): Promise<string> {
  const socket = open();
  socket.write(request);
  return (await buffer(socket).catch(() => Buffer.alloc(0))).toString();
}

describe('a request that is too much', () => {
  const lines = (...headers: string[]): string =>
    `${['GET /livez HTTP/1.1', 'Host: x', ...headers].join('\r\n')}\r\n\r\n`;
  const many = Array.from({ length: 120 }, (_, index) => `X-${index}: y`);

  it.each([
    ['with 17 KiB of headers', lines(`X: ${'y'.repeat(17 << 10)}`), 431],
    ['with a path of 17 KiB', `GET /${'y'.repeat(17 << 10)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
    ['with 121 headers', lines(...many), 431],
    ['with a body', `${lines('Content-Length: 5')}hello`, 413],
    ['with a body of unknown length', `${lines('Transfer-Encoding: chunked')}5\r\nhello\r\n0\r\n\r\n`, 413],
    ['with two lengths', lines('Content-Length: 5', 'Content-Length: 6'), 400],
    ['of another method', 'POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello', 405],
    ['of a method that is none', 'HACK / HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['in another language', 'SSH-2.0-OpenSSH_9.2\r\n\r\n', 400],
    ['without a host', 'GET /livez HTTP/1.1\r\n\r\n', 400],
  ])('%s is answered', async (_, request, status) => {
    expect(await answerTo(request)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect((await exporter.get('/livez')).status).toBe(200);
  });

  it('to tunnel elsewhere, or to another protocol, leads nowhere', async () => {
    expect(await answerTo('CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n')).not.toMatch(/^HTTP\/1\.1 2/);
    const upgrade = lines('Connection: close, Upgrade', 'Upgrade: websocket');
    expect(await answerTo(upgrade)).not.toMatch(/^HTTP\/1\.1 101/);
    expect((await exporter.get('/livez')).status).toBe(200);
  });

  it('paths that can not be decoded are no failure of ours', async () => {
    for (const path of ['/%', '/%ff', '/metrics%00', '/..%2f..%2fetc/passwd']) {
      const answer = await answerTo(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
      expect(answer).not.toMatch(/\bat .*\.(js|ts)|node_modules/);
    }
  });

  it('of a client that never ends its headers is cut', async () => {
    const socket = open();
    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n');
    const dripping = setInterval(() => socket.write('X: y\r\n'), 500);
    const answer = (await buffer(socket).catch(() => Buffer.alloc(0))).toString();
    clearInterval(dripping);
    // Node.js answers 408 where the socket still takes it.
    expect(answer === '' || answer.startsWith('HTTP/1.1 408')).toBe(true);
  }, 60_000);
});
