import type { EventEmitter } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { isFailure } from '@app/change';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { RedisDeployment } from '../../../../test/contracts/redis-deployment.js';
import { StepMaker } from '../../../../test/contracts/state-steps.js';
import { expectFailure } from '../../../../test/contracts/state-store.contract.js';
import { type RedisServer, startRedis } from '../../../../test/support/redis-server.js';
import type { ClientOptions } from './redis-store-options.js';

const tuning = { commandTimeout: 500 };

/** Answers whatever arrives with the same bytes: no server of any registry answers like this, so this one is made up. */
class Answering implements AsyncDisposable {
  readonly #sockets = new Set<Socket>();
  private constructor(
    readonly url: string,
    private readonly server: Server,
  ) {}

  static async open(reply: string): Promise<Answering> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const answering = new Answering(`redis://127.0.0.1:${port}`, server);
    server.on('connection', (socket) => {
      answering.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('data', (data) => {
        // As many answers as there were commands.
        for (const _ of String(data).matchAll(/^\*\d+\r$/gm)) socket.write(reply);
      });
    });
    return answering;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

describe('a server whose replies make no sense', () => {
  it.each([
    ['is no Redis at all', 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'],
    ['breaks off in the middle of its words', '$100\r\nhalf'],
    ['says OK to everything', '+OK\r\n'],
    ['gives a number for everything', ':42\r\n'],
    ['gives an empty list for everything', '*0\r\n'],
    ['gives a list of lists for everything', '*1\r\n*1\r\n*0\r\n'],
    ['knows nothing of anything', '$-1\r\n'],
    ['refuses everything', '-ERR what\r\n'],
  ])(
    'one that %s: no call ends otherwise than a failure of its kind, or as if nothing were stored',
    async (_, reply) => {
      await using server = await Answering.open(reply);
      const deployment = new RedisDeployment(server, { url: server.url, tuning });
      const store = deployment.store({ options: { tuning } });
      const maker = new StepMaker();
      const calls = [
        () => store.open(),
        () => store.refresh(),
        () => store.claim(maker.epoch),
        () => store.replace(maker.generation()),
        () => store.commit(maker.step()),
        () => store.durable(),
      ];
      for (const call of calls) {
        const error = await call().then(
          () => null,
          (failure: unknown) => failure,
        );
        const expected = ['store-unavailable', 'store-refused', 'checkpoint-mismatch', 'fenced'] as const;
        if (error !== null && !expected.some((kind) => isFailure(error, kind))) throw error;
      }
      expect([store.state, store.checkpoint]).toEqual([null, null]);
      await deployment.close();
    },
  );
});

it('a socket that has one error after another ends no process', async () => {
  await using server = await Answering.open('-ERR what\r\n');
  const clients: Redis[] = [];
  const createClient = (made: ClientOptions) => clients[clients.push(new Redis(made)) - 1] as Redis;
  const deployment = new RedisDeployment(server, { url: server.url });
  await expect(deployment.store({ options: { tuning, createClient } }).refresh()).rejects.toThrow();
  const sockets = clients.flatMap((client) => (client as unknown as { stream?: EventEmitter }).stream ?? []);
  expect(sockets.length).toBeGreaterThan(0);
  for (const socket of [...sockets, ...sockets]) socket.emit('error', new Error('again'));
  await deployment.close();
});

describe('what is said of the current state, damaged', () => {
  let server: RedisServer;
  let deployment: RedisDeployment;

  beforeEach(async () => {
    server = await startRedis();
    deployment = new RedisDeployment(server);
  });
  afterEach(async () => {
    await deployment[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  it.each([
    ['version', 'garbage'],
    ['version', ''],
    ['base', '-'],
    ['base', '1e9'],
    ['clock', 'noon'],
    ['base_clock', '{}'],
    ['checkpoint', '{'],
    ['checkpoint', '"text"'],
    ['checkpoint', '{"next":"zz"}'],
    ['settings', ''],
    ['generation', 'of nobody'],
  ])('%s = %j: nothing is served, the next claim may seed anew', async (field, value) => {
    const maker = new StepMaker();
    const store = deployment.store();
    await store.open();
    await store.claim(maker.epoch);
    await store.replace(maker.generation());
    await store.commit(maker.step({ rows: [{ kind: 'requests', key: 1, age: 0, sum: 0 }] }));
    await deployment.client.hset(deployment.key('meta'), field, value);
    const other = deployment.store();
    await other.open();
    expect([other.state, other.checkpoint]).toEqual([null, null]);
    await expectFailure(other.commit(maker.step()), 'checkpoint-mismatch');
    const seeded = new StepMaker(5_000);
    await other.claim(seeded.epoch);
    await other.replace(seeded.generation());
    expect(other.checkpoint?.next).toBe(5_000n);
  });

  it('format = "x": it is refused by name, and left as it is', async () => {
    await deployment.client.hset(deployment.key('meta'), 'format', 'x');
    await expectFailure(deployment.store().open(), 'store-format');
    await expectFailure(deployment.store().claim(new StepMaker().epoch), 'store-format');
    expect(await deployment.client.hgetall(deployment.key('meta'))).toEqual({ format: 'x' });
  });
});
