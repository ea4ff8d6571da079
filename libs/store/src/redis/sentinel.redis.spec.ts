import type { ExporterFailure } from '@app/change';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { freePort } from '../../../../scripts/servers/free-port.mjs';
import { RedisDeployment } from '../../../../test/contracts/redis-deployment.js';
import { contentOf } from '../../../../test/contracts/state-content.js';
import { StepMaker } from '../../../../test/contracts/state-steps.js';
import { expectFailure } from '../../../../test/contracts/state-store.contract.js';
import { awaitUntil } from '../../../../test/support/await-until.js';
import { type RedisSentinel, startSentinel } from '../../../../test/support/redis-sentinel.js';
import { type RedisServer, startRedis } from '../../../../test/support/redis-server.js';
import type { RedisStateStore } from './redis-state-store.js';

const NAME = 'metrics';
const PATIENCE = { timeout: 20_000, interval: 100 };

describe('a master that Sentinels watch', () => {
  const opened: AsyncDisposable[] = [];
  let master: RedisServer;
  let replica: RedisServer;
  let onMaster: Redis;
  let onReplica: Redis;
  let sentinel: RedisSentinel;
  let deployment: RedisDeployment;
  let maker: StepMaker;
  let store: RedisStateStore;

  function clientOf(server: RedisServer): Redis {
    const client = new Redis(server.url, { retryStrategy: () => 100 });
    client.on('error', () => {});
    opened.push({ [Symbol.asyncDispose]: async () => client.disconnect() });
    return client;
  }

  beforeEach(async () => {
    [master, replica] = await Promise.all([startRedis({ settings: {} }), startRedis({ settings: {} })]);
    opened.push(master, replica);
    [onMaster, onReplica] = [clientOf(master), clientOf(replica)];
    await onReplica.replicaof('127.0.0.1', master.port);
    await awaitUntil(async () => (await onReplica.info('replication')).includes('master_link_status:up'), PATIENCE);
    sentinel = await startSentinel(NAME, master.port);
    opened.push(sentinel);
    // One of the Sentinels is down, and the URL's host leads nowhere.
    const addresses = [{ host: '127.0.0.1', port: await freePort() }, sentinel.address];
    const url = 'redis://nowhere.invalid';
    deployment = new RedisDeployment(master, { url, sentinels: { name: NAME, addresses } });
    maker = new StepMaker();
    store = deployment.store();
    await store.open();
    await store.claim(maker.epoch);
    await store.replace(maker.generation());
    await store.commit(maker.step({ rows: [{ kind: 'requests', key: 1, age: 0, sum: 0 }] }));
  }, 60_000);
  afterEach(async () => {
    await deployment?.close();
    for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]();
  });

  /** Tries a step until it is stored, or refused for another reason than that no server could be asked. */
  async function stored(step: ReturnType<StepMaker['step']>): Promise<ExporterFailure | 'stored'> {
    return awaitUntil(async () => {
      try {
        await store.commit(step);
        return 'stored';
      } catch (error) {
        const failure = error as ExporterFailure;
        return failure.kind === 'store-unavailable' ? null : failure;
      }
    }, PATIENCE);
  }

  async function promoted(): Promise<boolean> {
    return (await onReplica.info('replication')).includes('role:master');
  }

  it('is followed to the server that takes over, where the same step goes on and is there once', async () => {
    await awaitUntil(
      async () => (await onReplica.hget(deployment.key('meta'), 'version')) === String(maker.state.version),
      PATIENCE,
    );
    await sentinel.client.call('SENTINEL', 'FAILOVER', NAME);
    await awaitUntil(promoted, PATIENCE);
    // Until it is told, the old master takes steps that are lost with it.
    await awaitUntil(async () => (await onMaster.info('replication')).includes('role:slave'), PATIENCE);
    expect(await stored(maker.step({ rows: [{ kind: 'errors', key: 1, age: 0, sum: 0 }] }))).toBe('stored');
    expect(await stored(maker.step())).toBe('stored');
    await store.fold();
    expect(await onReplica.hget(deployment.key('meta'), 'base')).toBe(String(maker.state.version));
    expect(contentOf(store.state)).toEqual(contentOf(maker.state));
    const other = deployment.store();
    await other.open();
    expect(contentOf(other.state)).toEqual(contentOf(maker.state));
  }, 60_000);

  it('W5: that died with a step its replica never got has gone back: the next step brings it back, readers stay', async () => {
    const version = () => onReplica.hget(deployment.key('meta'), 'version');
    const reached = String(maker.state.version);
    await awaitUntil(async () => (await version()) === reached, PATIENCE);
    // From now on the replica is not let in again; connections that are open stay as they are.
    await onMaster.config('SET', 'requirepass', 'changed');
    await onMaster.call('CLIENT', 'KILL', 'TYPE', 'replica');
    expect(await stored(maker.step({ rows: [{ kind: 'errors', key: 1, age: 0, sum: 0 }] }))).toBe('stored');
    const served = contentOf(store.state);
    await master.stop('SIGKILL');
    await awaitUntil(promoted, PATIENCE);
    expect(await version()).toBe(reached);
    await store.refresh();
    expect(contentOf(store.state)).toEqual(served);
    expect(await stored(maker.step())).toBe('stored');
    expect(contentOf(store.state)).toEqual(contentOf(maker.state));
  }, 60_000);

  it('is said to be unknown, or out of reach, with what to do about it', async () => {
    const tuning = { commandTimeout: 1_000 };
    const failureOf = async (sentinels: { name: string; addresses: { host: string; port: number }[] }) => {
      const lost = deployment.store({ options: { sentinels, tuning } });
      await expectFailure(lost.refresh(), 'store-unavailable');
      return lost.refresh().then(String, (failure: ExporterFailure) => failure.explain());
    };
    expect(await failureOf({ name: 'other', addresses: [sentinel.address] })).toMatch(
      /Redis at other \(Sentinels 127.*remedy: correct REDIS_SENTINEL_NAME/s,
    );
    const nobody = { host: '127.0.0.1', port: await freePort() };
    expect(await failureOf({ name: NAME, addresses: [nobody] })).toMatch(
      /failed to connect to sentinel.*remedy: check REDIS_SENTINELS/s,
    );
  }, 60_000);

  it('is found through Sentinels that ask for a password of their own', async () => {
    await sentinel.client.call('CONFIG', 'SET', 'requirepass', 'own secret').catch(() => undefined);
    await sentinel.client.call('ACL', 'SETUSER', 'default', 'resetpass', '>own secret');
    const addresses = [sentinel.address];
    const guarded = deployment.store({ options: { sentinels: { name: NAME, addresses, password: 'own secret' } } });
    await guarded.open();
    expect(contentOf(guarded.state)).toEqual(contentOf(maker.state));
    const options = { sentinels: { name: NAME, addresses, password: 'wrong' }, tuning: { commandTimeout: 1_000 } };
    const refused = await deployment
      .store({ options })
      .refresh()
      .then(String, (failure: ExporterFailure) => failure.explain());
    expect(refused).toMatch(/WRONGPASS.*remedy: correct REDIS_SENTINEL_PASSWORD/s);
    expect(refused).not.toContain('wrong ');
  }, 60_000);
});
