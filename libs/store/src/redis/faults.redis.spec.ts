import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import type { ExporterFailure } from '@app/change';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { freePort } from '../../../../scripts/servers/free-port.mjs';
import { RedisDeployment } from '../../../../test/contracts/redis-deployment.js';
import { contentOf } from '../../../../test/contracts/state-content.js';
import { epochAt, StepMaker } from '../../../../test/contracts/state-steps.js';
import { expectFailure } from '../../../../test/contracts/state-store.contract.js';
import { awaitUntil } from '../../../../test/support/await-until.js';
import { type RedisServer, startRedis } from '../../../../test/support/redis-server.js';
import { tcpRelay } from '../../../../test/support/tcp-relay.js';
import type { RedisStateStore } from './redis-state-store.js';
import { COMMIT_STEP } from './scripts/commit-step-n.js';

const TIMEOUT = 400;
const COMMIT_STEP_SUM = createHash('sha1').update(COMMIT_STEP).digest('hex');

describe('a Redis in trouble', () => {
  let server: RedisServer;
  let deployment: RedisDeployment;
  let maker: StepMaker;
  let store: RedisStateStore;

  beforeEach(async () => {
    server = await startRedis({ settings: { requirepass: '' } });
    deployment = new RedisDeployment(server);
    maker = new StepMaker();
    store = deployment.store({ options: { tuning: { commandTimeout: TIMEOUT } } });
  });
  afterEach(async () => {
    await deployment[Symbol.asyncDispose]().catch(() => undefined);
    await server[Symbol.asyncDispose]();
  });

  async function begin(): Promise<void> {
    await store.open();
    await store.claim(maker.epoch);
    await store.replace(maker.generation());
    await store.commit(maker.step({ rows: [{ kind: 'requests', key: 1, age: 0, sum: 0 }] }));
  }

  async function failureOf(work: Promise<unknown>): Promise<ExporterFailure> {
    return work.then(
      () => Promise.reject(new Error('it did not fail')),
      (error: ExporterFailure) => error,
    );
  }

  it('is unavailable where nobody listens, within the timeout', async () => {
    const options = { url: `redis://127.0.0.1:${await freePort()}`, tuning: { commandTimeout: TIMEOUT } };
    const lonely = deployment.store({ options });
    const started = performance.now();
    await expectFailure(lonely.open(), 'store-unavailable');
    expect(performance.now() - started).toBeLessThan(TIMEOUT * 2);
  });

  it('is unavailable when it goes silent, within the timeout, and serves what it served', async () => {
    await using relay = await tcpRelay(server.port);
    const options = { url: `redis://127.0.0.1:${relay.port}`, tuning: { commandTimeout: TIMEOUT } };
    store = deployment.store({ options });
    await begin();
    relay.silence();
    const before = contentOf(store.state);
    const started = performance.now();
    await expectFailure(store.commit(maker.step()), 'store-unavailable');
    await expectFailure(store.refresh(), 'store-unavailable');
    expect(performance.now() - started).toBeLessThan(TIMEOUT * 4);
    expect(contentOf(store.state)).toEqual(before);
  });

  it('goes on with the same step after a restart of the server', async () => {
    await begin();
    await server.stop('SIGTERM');
    const step = maker.step({ rows: [{ kind: 'errors', key: 1, age: 0, sum: 0 }] });
    await expectFailure(store.commit(step), 'store-unavailable');
    await server.restart();
    await awaitUntil(async () => {
      await store.commit(step);
      return true;
    });
    await store.commit(maker.step());
    await store.fold();
    expect(contentOf(store.state)).toEqual(contentOf(maker.state));
  });

  it('W3: takes a step whose answer was lost as done, and folds it', async () => {
    let commits = 0;
    store = deployment.store({
      cut: ({ args }) =>
        [COMMIT_STEP, COMMIT_STEP_SUM].includes(String(args[0])) && commits++ === 0 ? 'unanswered' : 'nothing',
    });
    await store.open();
    await store.claim(maker.epoch);
    await store.replace(maker.generation());
    const step = maker.step({ rows: [{ kind: 'spend_by_model', key: 1, age: 0, sum: 1 }] });
    await expectFailure(store.commit(step), 'store-unavailable');
    await store.commit(step);
    expect(commits).toBe(2);
    await store.commit(maker.step());
    await store.fold();
    expect(await deployment.client.hget(deployment.key('meta'), 'base')).toBe(String(maker.state.version));
    const again = deployment.store();
    await again.open();
    expect(contentOf(again.state)).toEqual(contentOf(maker.state));
  });

  it('W5: a flushed store is noticed by the next step, and gets from memory what it has lost', async () => {
    await begin();
    const before = contentOf(store.state);
    await deployment.client.flushall();
    await store.refresh();
    expect(contentOf(store.state)).toEqual(before);
    await store.commit(maker.step());
    expect(contentOf(store.state)).toEqual(contentOf(maker.state));
    await store.commit(maker.step());
    const reader = deployment.store();
    await reader.open();
    expect(contentOf(reader.state)).toEqual(contentOf(maker.state));
  });

  it('W5: a store that went back gets from memory what it has lost, and readers do not go back with it', async () => {
    await begin();
    const meta = await deployment.client.hgetall(deployment.key('meta'));
    await store.commit(maker.step());
    const reader = deployment.store();
    await reader.open();
    await deployment.client.hset(deployment.key('meta'), meta);
    await expectFailure(reader.refresh(), 'store-unavailable');
    expect(reader.state?.version).toBe(maker.state.version);
    await store.commit(maker.step());
    await reader.refresh();
    for (const { state } of [store, reader]) expect(contentOf(state)).toEqual(contentOf(maker.state));
  });

  it('W7: where the store was flushed only its writer answers, since a reader may have been behind already', async () => {
    await begin();
    const reader = deployment.store();
    await reader.open();
    await store.commit(maker.step());
    await deployment.client.flushall();
    await store.refresh();
    await expectFailure(reader.refresh(), 'store-unavailable');
    await store.commit(maker.step());
    await reader.refresh();
    expect(contentOf(reader.state)).toEqual(contentOf(maker.state));
  });

  it('W7: a writer that was replaced, and knows it, answers from a flushed store no more', async () => {
    await begin();
    const next = deployment.store();
    await next.open();
    await next.claim(epochAt(2));
    await next.commit(maker.step({}, epochAt(2)));
    await store.refresh();
    await next.commit(maker.step({}, epochAt(2)));
    await deployment.client.flushall();
    await expectFailure(store.refresh(), 'store-unavailable');
    await next.refresh();
  });

  it('W4: a flushed store takes nothing back from a writer that was replaced', async () => {
    await begin();
    const paused = store;
    await deployment.client.flushall();
    const next = deployment.store();
    await next.open();
    await next.claim(epochAt(2));
    await expectFailure(paused.commit(maker.step()), 'fenced');
  });

  it('W6: a store that is flushed while a seed is written does not make it current', async () => {
    for (let key = 0; key < 60; key++) {
      maker.step({ rows: [{ kind: 'spend_by_user', key, age: 0, sum: 1 }], teams: [{ id: key, spend: 1 }] });
    }
    store = deployment.store({ options: { tuning: { pieceFields: 1 } } });
    await store.open();
    await store.claim(maker.epoch);
    const replaced = failureOf(store.replace(maker.generation()));
    await awaitUntil(() => deployment.client.hexists(deployment.key('meta'), 'draft'), { interval: 1 });
    await deployment.client.flushall();
    expect(['fenced', 'checkpoint-mismatch']).toContain((await replaced).kind);
    expect(store.state).toBeNull();
    expect(await deployment.client.hget(deployment.key('meta'), 'generation')).toBeNull();
  });

  it('W6: a seed whose connection is lost is written again, and what it left is deleted', async () => {
    await begin();
    for (let key = 0; key < 300; key++) maker.step({ teams: [{ id: key, spend: 1 }] });
    const slow = deployment.store({ options: { tuning: { pieceFields: 1 } } });
    await slow.open();
    await slow.claim(maker.epoch);
    const replaced = failureOf(slow.replace(maker.generation()));
    await awaitUntil(() => deployment.client.hexists(deployment.key('meta'), 'draft'), { interval: 1 });
    await deployment.client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    expect((await replaced).kind).toBe('store-unavailable');
    await slow.replace(maker.generation());
    expect(contentOf(slow.state)).toEqual(contentOf(maker.state));
    await awaitUntil(async () => (await deployment.client.scard(deployment.key('generations'))) === 1);
  });

  it('works on after the server has forgotten its scripts', async () => {
    await begin();
    await deployment.client.script('FLUSH');
    await store.commit(maker.step());
    await store.fold();
    expect(contentOf(store.state)).toEqual(contentOf(maker.state));
  });

  it('refuses a step where memory is full, unchanged, and takes it when there is room', async () => {
    await begin();
    const before = contentOf(store.state);
    await deployment.client.config('SET', 'maxmemory', '1mb');
    const step = maker.step({ rows: [{ kind: 'errors', key: 1, age: 0, sum: 0 }] });
    const failure = await failureOf(store.commit(step));
    expect([failure.kind, failure.remedy]).toEqual(['store-refused', expect.stringContaining('maxmemory')]);
    expect(contentOf(store.state)).toEqual(before);
    await deployment.client.config('SET', 'maxmemory', '0');
    await store.commit(step);
    expect(contentOf(store.state)).toEqual(contentOf(maker.state));
  });

  it('waits for a server that has become a replica to be a primary again', async () => {
    await begin();
    await deployment.client.replicaof('127.0.0.1', 1);
    const step = maker.step();
    await expectFailure(store.commit(step), 'store-unavailable');
    await deployment.client.replicaof('NO', 'ONE');
    await awaitUntil(async () => {
      await store.commit(step);
      return true;
    });
  });

  it('is warned of once where it may evict, or keeps no append-only file', async () => {
    await deployment.client.config('SET', 'maxmemory', '100mb', 'maxmemory-policy', 'allkeys-lru', 'appendonly', 'no');
    const warnings: string[] = [];
    const log = { debug: () => {}, warn: (message: string) => void warnings.push(message) };
    const warned = deployment.store({ options: { log } });
    for (let opened = 0; opened < 2; opened++) await warned.open();
    expect(warnings).toEqual([
      expect.stringContaining('instead of allkeys-lru'),
      expect.stringContaining('appendonly yes'),
    ]);
  });

  it('never shows a password, wrong or right', async () => {
    await deployment.client.config('SET', 'requirepass', 'rightsecret');
    for (const secret of ['wrong%40secret', 'rightsecret']) {
      const url = `redis://:${secret}@127.0.0.1:${server.port}`;
      const guarded = deployment.store({ options: { url, tuning: { commandTimeout: TIMEOUT } } });
      const failure = await guarded.open().then(
        () => failureOf(guarded.commit(maker.step())),
        (error: ExporterFailure) => error,
      );
      const shown = `${inspect(failure, { depth: 10 })} ${failure.explain()} ${inspect(guarded, { depth: 3 })}`;
      expect(shown).not.toMatch(/secret/);
      if (secret !== 'rightsecret') {
        expect(failure.kind).toBe('store-unavailable');
        expect(failure.explain()).toMatch(/WRONGPASS[\s\S]*password in REDIS_URL/);
      }
    }
    await deployment.client.config('SET', 'requirepass', '');
  });
});
