import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisDeployment } from '../../../../test/contracts/redis-deployment.js';
import { contentOf } from '../../../../test/contracts/state-content.js';
import { StepMaker } from '../../../../test/contracts/state-steps.js';
import { type RedisServer, startRedis } from '../../../../test/support/redis-server.js';
import type { RedisStateStore } from './redis-state-store.js';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server[Symbol.asyncDispose]());

const ROWS = { rows: [{ kind: 'requests', key: 1, age: 0, sum: 0 }] } as const;

/** Lets the next record break the state that a store serves, when half of it has been applied. */
function breakNext({ state }: RedisStateStore): void {
  if (state === null) throw new Error('nothing is served that could break');
  const apply = state.apply.bind(state);
  state.apply = (record) => {
    apply({ ...record, counters: [] });
    throw new RangeError('no such bucket');
  };
}

describe('a state that broke while a step was applied to it', () => {
  it('W6: is shown no more, and read again from what Redis holds, the step included', async () => {
    await using deployment = new RedisDeployment(server);
    const store = deployment.store();
    const maker = new StepMaker();
    await store.open();
    await store.claim(maker.epoch);
    await store.replace(maker.generation());
    breakNext(store);
    await expect(store.commit(maker.step(ROWS))).rejects.toMatchObject({ kind: 'store-broken' });
    expect([store.state, store.checkpoint]).toEqual([null, null]);
    await store.open();
    expect(contentOf(store.state)).toEqual(contentOf(maker.state));
    await store.claim(maker.epoch);
    await store.commit(maker.step(ROWS));
    expect(contentOf(store.state)).toEqual(contentOf(maker.state));
  });

  it('W6: is shown no more by a replica that only reads, and read again at the next look', async () => {
    await using deployment = new RedisDeployment(server);
    const [writer, reader] = [deployment.store(), deployment.store()];
    const maker = new StepMaker();
    await writer.open();
    await writer.claim(maker.epoch);
    await writer.replace(maker.generation());
    await reader.open();
    breakNext(reader);
    await writer.commit(maker.step(ROWS));
    await expect(reader.refresh()).rejects.toMatchObject({ kind: 'store-broken' });
    expect(reader.state).toBeNull();
    await reader.refresh();
    expect(contentOf(reader.state)).toEqual(contentOf(maker.state));
  });
});
