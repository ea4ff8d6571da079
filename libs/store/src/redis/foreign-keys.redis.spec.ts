import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisDeployment } from '../../../../test/contracts/redis-deployment.js';
import { contentOf } from '../../../../test/contracts/state-content.js';
import { epochAt, StepMaker } from '../../../../test/contracts/state-steps.js';
import { expectFailure } from '../../../../test/contracts/state-store.contract.js';
import { awaitUntil } from '../../../../test/support/await-until.js';
import { type RedisServer, startRedis } from '../../../../test/support/redis-server.js';
import { FORMAT } from './keys.js';
import type { RedisStateStore } from './redis-state-store.js';

describe('what others have put under our keys, or left of them', () => {
  let server: RedisServer;
  let deployment: RedisDeployment;
  let maker: StepMaker;
  let warnings: string[];
  let store: RedisStateStore;

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    deployment = new RedisDeployment(server);
    maker = new StepMaker();
    warnings = [];
    store = opening();
    await store.open();
    await store.claim(maker.epoch);
    await store.replace(maker.generation());
    await store.commit(maker.step({ rows: [{ kind: 'spend_by_model', key: 1, age: 0, sum: 1 }] }));
    await store.fold();
  });
  afterEach(async () => {
    await deployment[Symbol.asyncDispose]();
  });

  function opening(options: Parameters<RedisDeployment['store']>[0] = {}): RedisStateStore {
    const log = { debug: () => {}, warn: (message: string) => void warnings.push(message) };
    return deployment.store({
      options: { log, ...options.options, tuning: { keepLog: 0, ...options.options?.tuning } },
    });
  }

  async function generation(): Promise<string> {
    return String(await deployment.client.hget(deployment.key('meta'), 'generation'));
  }

  it('a meta key of another type is refused, unharmed', async () => {
    await deployment.client.del(deployment.key('meta'));
    await deployment.client.set(deployment.key('meta'), 'foreign');
    const other = opening();
    await other.open();
    expect([other.state, warnings.length]).toEqual([null, 1]);
    await expectFailure(other.claim(maker.epoch), 'store-refused');
    await expectFailure(store.commit(maker.step()), 'store-refused');
    await expectFailure(store.replace(maker.generation()), 'store-refused');
    expect(await deployment.client.get(deployment.key('meta'))).toBe('foreign');
  });

  /** Writes over the log of the current generation; returns the key. */
  async function spoilLog(): Promise<string> {
    const log = deployment.key(`${await generation()}:log`);
    await deployment.client.del(log);
    await deployment.client.set(log, 'foreign');
    return log;
  }

  it('W3, W5: a writer whose log was written over stores its state once more, as a generation of its own', async () => {
    const reader = opening();
    await reader.open();
    const [before, log] = [await generation(), await spoilLog()];
    const step = maker.step({ rows: [{ kind: 'spend_by_model', key: 1, age: 0, sum: 2 }] });
    await store.commit(step);
    expect(await generation()).not.toBe(before);
    await reader.refresh();
    const fresh = opening();
    await fresh.open();
    for (const one of [store, reader, fresh]) {
      expect(contentOf(one.state)).toEqual(contentOf(maker.state));
      expect(one.checkpoint?.next).toBe(step.checkpoint.next);
    }
    await store.claim(epochAt(2));
    await store.replace(maker.generation(epochAt(2)));
    await awaitUntil(async () => (await deployment.keys()).filter((key) => key.startsWith(before)).length === 1);
    expect(await deployment.client.get(log)).toBe('foreign');
  });

  it('W4: a writer that was replaced does not store its state once more, whatever it finds', async () => {
    const newer = opening();
    await newer.open();
    await newer.claim(epochAt(9));
    const log = await spoilLog();
    const before = await generation();
    await expectFailure(store.commit(maker.step()), 'fenced');
    expect([await generation(), await deployment.client.get(log)]).toEqual([before, 'foreign']);
  });

  it('W5, W7: a process that has the state goes on from it under a new claim, and shows nothing until it has stored', async () => {
    const reader = opening();
    await reader.open();
    const { checkpoint } = reader;
    const missed = maker.step({ rows: [{ kind: 'spend_by_model', key: 2, age: 0, sum: 3 }] });
    await store.commit(missed);
    await spoilLog();
    await store.close();
    await expectFailure(reader.refresh(), 'store-unavailable');
    await reader.open();
    expect(reader.checkpoint).toEqual(checkpoint);
    await expectFailure(reader.refresh(), 'store-unavailable');
    await reader.claim(epochAt(9));
    await expectFailure(reader.refresh(), 'store-unavailable');
    await reader.commit({ ...missed, epoch: epochAt(9) });
    await reader.refresh();
    const fresh = opening();
    await fresh.open();
    expect(contentOf(fresh.state)).toEqual(contentOf(maker.state));
  });

  it('W6: a state that could not be read is read again after a while: it may only have moved too fast', async () => {
    const key = deployment.key(`${await generation()}:index`);
    await deployment.client.rename(key, deployment.key('aside'));
    await deployment.client.set(key, 'foreign');
    const fresh = opening({ options: { tuning: { unreadableFor: 0 } } });
    const patient = opening();
    for (const one of [fresh, patient]) {
      await one.open();
      await one.refresh();
      expect(one.state).toBeNull();
    }
    await deployment.client.rename(deployment.key('aside'), key);
    await fresh.refresh();
    expect(contentOf(fresh.state)).toEqual(contentOf(maker.state));
    const said = warnings.length;
    await patient.refresh();
    expect([patient.state, warnings.length]).toEqual([null, said]);
  });

  it('a part of the base of another type stops the folding, not the steps', async () => {
    const key = deployment.key(`${await generation()}:counters`);
    await deployment.client.del(key);
    await deployment.client.set(key, 'foreign');
    await store.commit(maker.step({ rows: [{ kind: 'requests', key: 1, age: 0, sum: 2 }] }));
    await store.fold();
    expect(warnings).toHaveLength(1);
    expect(await deployment.client.get(key)).toBe('foreign');
    await store.commit(maker.step());
    await deployment.client.del(key);
    await store.fold();
    const base = await deployment.client.hget(deployment.key('meta'), 'base');
    expect(base).toBe(String(maker.state.version));
  });

  it.each([
    ['a bucket', ':p:S'],
    ['the names of series', ':d:'],
    ['its counters', ':counters'],
    ['its figures', ':single'],
    ['its histograms', ':histograms'],
    ['the list of its parts', ':index'],
  ])('a state that has lost %s is not served', async (_, part) => {
    const [key] = (await deployment.keys()).filter((name) => name.includes(part));
    await deployment.client.del(deployment.key(String(key)));
    const other = opening();
    await other.open();
    expect([other.state, other.checkpoint]).toEqual([null, null]);
    expect(warnings).toEqual([expect.stringContaining("can't be read")]);
    await other.refresh();
    await other.refresh();
    expect(warnings.length).toBeLessThanOrEqual(2);
  });

  it('a state whose log has gone is not served', async () => {
    await store.commit(maker.step());
    await deployment.client.del(deployment.key(`${await generation()}:log`));
    const other = opening();
    await other.open();
    expect(other.state).toBeNull();
    expect(warnings).toEqual([expect.stringContaining('log lacks steps')]);
  });

  it('a state of a newer format is refused by name, and left as it is', async () => {
    await deployment.client.hset(deployment.key('meta'), 'format', String(FORMAT + 1));
    await expectFailure(opening().open(), 'store-format');
    await expectFailure(opening().claim(epochAt(9)), 'store-format');
    await expectFailure(store.refresh(), 'store-format');
    await expectFailure(store.commit(maker.step()), 'store-format');
    await expectFailure(store.replace(maker.generation()), 'store-format');
  });

  it('W6: a state of an older format stands for those who read it until a new one is whole beside it, and its keys go then', async () => {
    const before = await generation();
    await deployment.client.hset(deployment.key('meta'), 'format', String(FORMAT - 1));
    const old = await deployment.client.hgetall(deployment.key('meta'));
    const keys = (await deployment.keys()).filter((key) => key.startsWith(before)).sort();
    const other = opening();
    await other.open();
    expect([other.state, warnings.length]).toEqual([null, 1]);
    await other.claim(epochAt(2));
    const claimed = await deployment.client.hgetall(deployment.key('meta'));
    // Its writer is fenced, and nothing else that its readers look at has changed.
    const { pen: _pen, ...looked } = old;
    expect(claimed).toEqual({ ...looked, rank: claimed.rank });
    expect(String(claimed.rank) > String(old.rank)).toBe(true);
    expect((await deployment.keys()).filter((key) => key.startsWith(before)).sort()).toEqual(keys);
    const interrupted = opening();
    await interrupted.open();
    expect(interrupted.state).toBeNull();
    await other.replace(maker.generation(epochAt(2)));
    expect(await deployment.client.hget(deployment.key('meta'), 'format')).toBe(String(FORMAT));
    await interrupted.refresh();
    expect(contentOf(interrupted.state)).toEqual(contentOf(other.state));
    await other.commit({ ...maker.step(), epoch: epochAt(2) });
    await other.claim(epochAt(3));
    await other.replace(maker.generation(epochAt(3)));
    expect((await deployment.keys()).filter((key) => key.startsWith(before))).toEqual([]);
  });
});
