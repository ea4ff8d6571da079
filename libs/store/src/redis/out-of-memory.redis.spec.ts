import type { ExporterFailure } from '@app/change';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisDeployment } from '../../../../test/contracts/redis-deployment.js';
import { contentOf } from '../../../../test/contracts/state-content.js';
import { epochAt, StepMaker } from '../../../../test/contracts/state-steps.js';
import { expectFailure } from '../../../../test/contracts/state-store.contract.js';
import { awaitUntil } from '../../../../test/support/await-until.js';
import { type RedisServer, startRedis } from '../../../../test/support/redis-server.js';
import type { RedisStateStore } from './redis-state-store.js';

const PATIENCE = { timeout: 20_000, interval: 50 };

describe('a Redis whose memory is full', () => {
  let server: RedisServer;
  let deployment: RedisDeployment;
  let maker: StepMaker;
  let store: RedisStateStore;

  beforeEach(async () => {
    server = await startRedis({ settings: { 'maxmemory-policy': 'noeviction' } });
    deployment = new RedisDeployment(server);
    maker = new StepMaker();
    store = deployment.store({ options: { tuning: { keepLog: 3_600_000, sliceItems: 200 } } });
    await store.open();
    await store.claim(maker.epoch);
    await store.replace(maker.generation());
  });
  afterEach(async () => {
    await deployment.close();
    await server[Symbol.asyncDispose]();
  });

  /** Lets the server take `bytes` more than it holds now, or less. */
  async function leaveRoom(bytes: number): Promise<void> {
    const info = await deployment.client.info('memory');
    // Of what it uses, buffers of the append-only file don't count.
    const [used, uncounted] = ['used_memory', 'mem_not_counted_for_evict'].map((name) =>
      Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1]),
    ) as [number, number];
    await deployment.client.config('SET', 'maxmemory', String(used - uncounted + bytes));
  }

  async function again(): Promise<RedisStateStore> {
    const other = deployment.store();
    await other.open();
    return other;
  }

  it('takes no step, changes nothing, says what to do, and takes the same step when there is room', async () => {
    await store.commit(maker.step({ rows: [{ kind: 'requests', key: 1, age: 0, sum: 0 }] }));
    await store.fold();
    const before = contentOf(store.state);
    const meta = await deployment.client.hgetall(deployment.key('meta'));
    await deployment.client.config('SET', 'maxmemory', '1');
    const step = maker.step({ rows: [{ kind: 'errors', key: 1, age: 0, sum: 0 }] });
    for (let attempt = 0; attempt < 3; attempt++) {
      const failure = await store.commit(step).then(
        () => null,
        (error: ExporterFailure) => error,
      );
      expect([failure?.kind, failure?.remedy]).toEqual(['store-refused', expect.stringContaining('maxmemory')]);
    }
    expect(contentOf(store.state)).toEqual(before);
    expect(await deployment.client.hgetall(deployment.key('meta'))).toEqual(meta);
    await deployment.client.config('SET', 'maxmemory', '0');
    await store.commit(step);
    await store.fold();
    for (const one of [store, await again()]) expect(contentOf(one.state)).toEqual(contentOf(maker.state));
  });

  it('gets back what the log keeps for slow readers, before a step is refused', async () => {
    for (let large = 0; large < 3; large++) {
      await store.commit(maker.take(maker.largeRecord(1_000)));
      await store.fold();
    }
    const reader = await again();
    await leaveRoom(-50_000);
    await store.commit(maker.step({ rows: [{ kind: 'errors', key: 1, age: 0, sum: 0 }] }));
    expect((await deployment.keys()).filter((key) => key.startsWith('stage:'))).toEqual([]);
    await store.fold();
    await reader.refresh();
    for (const one of [store, reader, await again()]) expect(contentOf(one.state)).toEqual(contentOf(maker.state));
  }, 120_000);

  it('is not filled for good by a new generation that did not fit: the next claim deletes it, and steps go on', async () => {
    // A generation of these takes 0.9 MB.
    for (let large = 0; large < 6; large++) await store.commit(maker.take(maker.largeRecord(4_000)));
    await store.fold();
    await leaveRoom(500_000);
    await expectFailure(store.replace(maker.generation()), 'store-refused');
    // Buffers that the server has freed since may be room for a step.
    await leaveRoom(-50_000);
    const step = maker.step({ rows: [{ kind: 'errors', key: 1, age: 0, sum: 0 }] }, epochAt(2));
    await expectFailure(store.commit({ ...step, epoch: maker.epoch }), 'store-refused');
    await store.open();
    await store.claim(epochAt(2));
    await awaitUntil(async () => (await deployment.client.scard(deployment.key('generations'))) === 1, PATIENCE);
    await awaitUntil(() => store.commit(step).then(() => true), PATIENCE);
    for (const one of [store, await again()]) expect(contentOf(one.state)).toEqual(contentOf(maker.state));
  }, 120_000);
});
