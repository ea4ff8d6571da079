import type { ExporterFailure } from '@app/change';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { freshPrefix, RedisDeployment } from '../../../../test/contracts/redis-deployment.js';
import { contentOf } from '../../../../test/contracts/state-content.js';
import { StepMaker } from '../../../../test/contracts/state-steps.js';
import { describeStateStore } from '../../../../test/contracts/state-store.contract.js';
import { awaitUntil } from '../../../../test/support/await-until.js';
import { type RedisCluster, startRedisCluster } from '../../../../test/support/redis-cluster.js';
import { type RedisServer, startRedis } from '../../../../test/support/redis-server.js';
import { SILENT_LOG } from '../store-log.js';

const PATIENCE = { timeout: 20_000, interval: 50 };
let cluster: RedisCluster;

beforeAll(async () => {
  cluster = await startRedisCluster();
}, 60_000);

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
});

/** A deployment whose stores are given a node that does not own their keys. */
async function openDeployment(): Promise<{ deployment: RedisDeployment; owner: RedisServer; others: RedisServer[] }> {
  const keyPrefix = freshPrefix();
  const owner = await cluster.ownerOf(`{${keyPrefix}}`);
  const others = cluster.nodes.filter((node) => node !== owner);
  const deployment = new RedisDeployment(owner, { keyPrefix, url: String(others[0]?.url), cluster: true });
  return { deployment, owner, others };
}

describeStateStore('Redis Cluster', {
  open: async () => {
    const { deployment } = await openDeployment();
    return {
      store: () => deployment.store({ options: { tuning: { foldInterval: 5 } } }),
      [Symbol.asyncDispose]: () => deployment[Symbol.asyncDispose](),
    };
  },
  large: 20_000,
});

describe('the slot of a deployment', () => {
  let deployment: RedisDeployment;
  let owner: RedisServer;
  let others: RedisServer[];
  let maker: StepMaker;

  beforeEach(async () => {
    ({ deployment, owner, others } = await openDeployment());
    maker = new StepMaker();
  });
  afterEach(async () => {
    await deployment.close();
  });

  async function begin() {
    const store = deployment.store();
    await store.open();
    await store.claim(maker.epoch);
    await store.replace(maker.generation());
    await store.commit(maker.step({ rows: [{ kind: 'requests', key: 1, age: 0, sum: 0 }] }));
    return store;
  }

  async function failureOf(work: Promise<void>): Promise<string> {
    return work.then(String, (failure: ExporterFailure) => failure.explain());
  }

  it('is written on the node that owns it, by one connection for each purpose', async () => {
    await begin();
    const clients = String(await deployment.client.call('CLIENT', 'LIST'));
    for (const name of ['reader', 'writer']) expect(clients).toContain(`name=litellm-exporter-${name}`);
    expect(await deployment.client.hget(deployment.key('meta'), 'version')).toBe(String(maker.state.version));
  });

  it('W3: is followed to another node without a step lost or doubled, and folds go on', async () => {
    const store = await begin();
    const to = others[1] as RedisServer;
    await cluster.move(deployment.key('meta'), to);
    await store.refresh();
    for (let key = 0; key < 3; key++) {
      const step = maker.step({ rows: [{ kind: 'errors', key, age: 0, sum: 0 }] });
      await store.commit(step);
    }
    await store.fold();
    await store.refresh();
    expect(contentOf(store.state)).toEqual(contentOf(maker.state));
    const moved = new RedisDeployment(to, { keyPrefix: deployment.keyPrefix, url: owner.url, cluster: true });
    const other = moved.store();
    await other.open();
    expect(contentOf(other.state)).toEqual(contentOf(maker.state));
    expect(await moved.client.hget(moved.key('meta'), 'base')).toBe(String(maker.state.version));
    await moved.close();
  });

  it('is found again through other nodes when the one of the URL is gone', async () => {
    const store = await begin();
    const [seed] = others as [RedisServer];
    await seed.stop('SIGKILL');
    try {
      // Two of three primaries go on once they agree that the third is gone, unless all slots are wanted.
      for (const node of cluster.nodes.filter((one) => one !== seed)) {
        const probe = new RedisDeployment(node);
        await probe.client.config('SET', 'cluster-require-full-coverage', 'no');
        await probe.close();
      }
      await deployment.client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      const step = maker.step();
      await awaitUntil(async () => {
        await store.commit(step);
        return true;
      }, PATIENCE);
      expect(contentOf(store.state)).toEqual(contentOf(maker.state));
    } finally {
      await seed.restart();
      await cluster.whole();
    }
  });

  it('is missed with what to do about it, where REDIS_CLUSTER is wrong', async () => {
    const tuning = { commandTimeout: 1_000 };
    const plain = deployment.store({ options: { cluster: false, tuning, log: SILENT_LOG } });
    expect(await failureOf(plain.refresh())).toMatch(/MOVED.*remedy: set REDIS_CLUSTER=true/s);
    await using single = await startRedis({ settings: {} });
    const lost = deployment.store({ options: { url: single.url, tuning } });
    expect(await failureOf(lost.refresh())).toMatch(/cluster support disabled.*remedy: leave REDIS_CLUSTER unset/s);
  });
});
