import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RedisDeployment } from '../../../../test/contracts/redis-deployment.js';
import { contentOf } from '../../../../test/contracts/state-content.js';
import { epochAt, SETTINGS, StepMaker } from '../../../../test/contracts/state-steps.js';
import { expectFailure, stepIdeas } from '../../../../test/contracts/state-store.contract.js';
import { awaitUntil } from '../../../../test/support/await-until.js';
import { type RedisServer, startRedis } from '../../../../test/support/redis-server.js';
import type { RedisStateStore } from './redis-state-store.js';

describe('several processes on one Redis', () => {
  let server: RedisServer;
  let deployment: RedisDeployment;
  let maker: StepMaker;
  let writer: RedisStateStore;
  let reader: RedisStateStore;

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    deployment = new RedisDeployment(server);
    maker = new StepMaker();
    writer = deployment.store({ options: { tuning: { keepLog: 0, sliceItems: 500 } } });
    reader = deployment.store();
    await Promise.all([writer.open(), reader.open()]);
    await writer.claim(maker.epoch);
  });
  afterEach(async () => {
    await deployment[Symbol.asyncDispose]();
  });

  it('W6: serves nothing of a seed before it is whole, then all of it', async () => {
    for (let key = 0; key < 50; key++) maker.step({ rows: [{ kind: 'requests', key, age: 0, sum: 0 }] });
    const replaced = writer.replace(maker.generation());
    let looks = 0;
    for (let done = false; !done; looks++) {
      await reader.refresh();
      done = reader.state !== null;
    }
    expect(contentOf(reader.state)).toEqual(contentOf(maker.state));
    await replaced;
    expect(looks).toBeGreaterThan(0);
  });

  it('W7: a reader that refreshes has what the writer has stored', async () => {
    await writer.replace(maker.generation());
    for (let key = 0; key < 10; key++) {
      await writer.commit(maker.step({ rows: [{ kind: 'spend_by_tag', key, age: 0, sum: 0.1 * key }] }));
      await reader.refresh();
      expect(contentOf(reader.state)).toEqual(contentOf(maker.state));
      expect(reader.checkpoint).toEqual(writer.checkpoint);
    }
  });

  it('W7: a refresh that is asked for while another runs sees what was stored before it was asked for', async () => {
    await writer.replace(maker.generation());
    await reader.refresh();
    for (let round = 0; round < 20; round++) {
      const early = reader.refresh();
      await writer.commit(maker.step());
      const late = [reader.refresh(), reader.refresh()];
      await Promise.all(late);
      expect(reader.state?.version).toBe(maker.state.version);
      await early;
    }
  });

  it('W7: a reader that was away longer than the log reaches back reads the base again', async () => {
    await writer.replace(maker.generation());
    await reader.refresh();
    for (let key = 0; key < 5; key++) {
      await writer.commit(maker.step({ rows: [{ kind: 'errors', key, age: 0, sum: 0 }] }));
      await writer.fold();
    }
    await reader.refresh();
    expect(contentOf(reader.state)).toEqual(contentOf(maker.state));
  });

  it('W6: whoever reads sees one state or the next, through staged steps too', async () => {
    await writer.replace(maker.generation());
    await reader.refresh();
    const rows = (): number => [...(reader.state?.series('spend_by_tag') ?? [])].length;
    const wholeRows = async (): Promise<number> => {
      while (reader.state?.changing != null) await reader.state.changing;
      return rows();
    };
    const seen = new Set<number>();
    let going = true;
    const watching = (async () => {
      while (going) {
        await reader.refresh();
        seen.add(await wholeRows());
        await new Promise((resolve) => setImmediate(resolve));
        seen.add(await wholeRows());
      }
    })();
    await writer.commit(maker.take(maker.largeRecord(4_000)));
    await writer.commit(maker.take(maker.largeRecord(4_000)));
    await awaitUntil(async () => (await wholeRows()) === 8_000);
    going = false;
    await watching;
    expect([...seen].filter((count) => count % 4_000 !== 0)).toEqual([]);
  });

  it('follows a new generation, and finds nothing of the old one left in Redis', async () => {
    await writer.replace(maker.generation());
    await writer.commit(maker.take(maker.largeRecord(1_000)));
    await writer.fold();
    await writer.commit(maker.take(maker.largeRecord(1_000)));
    await reader.refresh();
    const before = await deployment.client.hget(deployment.key('meta'), 'generation');
    const seeded = new StepMaker(9_000);
    seeded.step({ rows: [{ kind: 'requests', key: 1, age: 0, sum: 0 }] });
    await writer.replace(seeded.generation());
    await reader.refresh();
    expect(contentOf(reader.state)).toEqual(contentOf(seeded.state));
    const left = async (): Promise<string[]> =>
      (await deployment.keys()).filter((key) => key.startsWith(String(before)) || key.startsWith('stage:'));
    await awaitUntil(async () => (await left()).length === 0);
    expect(await deployment.client.scard(deployment.key('generations'))).toBe(1);
  });

  it('a generation is read, and gone on with, under the settings it was made with; another may be opened beside it', async () => {
    await writer.replace(maker.generation());
    const other = { ...SETTINGS, windows: { ...SETTINGS.windows, spend: 60 * 60_000 }, durationBuckets: [1, 2] };
    const wider = new StepMaker(maker.next, epochAt(2), other);
    wider.step({ rows: [{ kind: 'spend_by_model', key: 1, age: 30 * 60_000, sum: 1 }] });
    await reader.claim(wider.epoch);
    await reader.replace(wider.generation());
    await writer.refresh();
    expect(writer.state?.settings).toEqual(other);
    expect(contentOf(writer.state)).toEqual(contentOf(wider.state));
    await writer.claim(epochAt(3));
    for (const age of [40, 50, 59]) {
      const rows = [{ kind: 'spend_by_model' as const, key: age, age: age * 60_000, sum: 1 }];
      await writer.commit(wider.step({ rows }, epochAt(3)));
    }
    await writer.fold();
    const third = deployment.store();
    await third.open();
    expect(third.state?.settings).toEqual(other);
    expect(contentOf(third.state)).toEqual(contentOf(wider.state));
    await reader.refresh();
    expect(contentOf(reader.state)).toEqual(contentOf(wider.state));
  });

  it('W7: a store that went back to a generation whose place was taken is not followed, and gets the newer one back', async () => {
    await writer.replace(maker.generation());
    await writer.commit(maker.step({ rows: [{ kind: 'requests', key: 1, age: 0, sum: 0 }] }));
    await reader.refresh();
    const { client } = deployment;
    const before = await Promise.all(
      (await deployment.keys()).map(async (name) => [name, await client.dumpBuffer(deployment.key(name))] as const),
    );
    const seeded = new StepMaker(9_000);
    seeded.step({ rows: [{ kind: 'errors', key: 1, age: 0, sum: 0 }] });
    await writer.replace(seeded.generation());
    await reader.refresh();
    const served = contentOf(seeded.state);
    // As a replica does that takes over and had stopped following its master before the seed.
    await awaitUntil(async () => (await client.scard(deployment.key('generations'))) === 1);
    for (const [name, value] of before) await client.restore(deployment.key(name), 0, value as Buffer, 'REPLACE');
    await expectFailure(reader.refresh(), 'store-unavailable');
    expect(contentOf(reader.state)).toEqual(served);
    await writer.commit(seeded.step({ rows: [{ kind: 'errors', key: 2, age: 0, sum: 0 }] }));
    await reader.refresh();
    for (const { state } of [writer, reader]) expect(contentOf(state)).toEqual(contentOf(seeded.state));
  });

  it('W4: a reader that takes over goes on exactly where the writer before it stopped', async () => {
    await writer.replace(maker.generation());
    await reader.refresh();
    const last = maker.step({ rows: [{ kind: 'requests', key: 1, age: 0, sum: 0 }] });
    await writer.commit(last);
    await reader.claim(epochAt(2));
    expect(reader.checkpoint).toEqual(last.checkpoint);
    await reader.commit(maker.step({}, epochAt(2)));
    await expectFailure(writer.commit(last), 'fenced');
    await writer.refresh();
    expect(contentOf(writer.state)).toEqual(contentOf(maker.state));
  });

  it('W4: what a replaced writer still folds changes nothing', async () => {
    await writer.replace(maker.generation());
    await writer.commit(maker.step({ rows: [{ kind: 'spend_by_model', key: 1, age: 0, sum: 1 }] }));
    await reader.claim(epochAt(2));
    await reader.commit(maker.step({ rows: [{ kind: 'spend_by_model', key: 1, age: 0, sum: 2 }] }, epochAt(2)));
    await reader.fold();
    const base = await deployment.client.hget(deployment.key('meta'), 'base');
    await writer.fold();
    expect(await deployment.client.hget(deployment.key('meta'), 'base')).toBe(base);
    const third = deployment.store();
    await third.open();
    expect(contentOf(third.state)).toEqual(contentOf(maker.state));
  });

  it('W6, W7: a reader has one of the states there were, never an older one, whatever the writer is doing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(stepIdeas, { minLength: 4, maxLength: 14 }), fc.nat(3), async (ideas, foldEvery) => {
        const own = new StepMaker(maker.next);
        await writer.replace(own.generation());
        const states = new Map([[own.state.version, contentOf(own.state)]]);
        await reader.refresh();
        const checked: Promise<void>[] = [];
        for (const [at, idea] of ideas.entries()) {
          const step = own.step(idea);
          states.set(own.state.version, contentOf(own.state));
          const stored = reader.state?.version ?? 0;
          const looking = reader.refresh().then(() => {
            const now = reader.state?.version ?? 0;
            expect(now).toBeGreaterThanOrEqual(stored);
            expect(contentOf(reader.state)).toEqual(states.get(now));
          });
          checked.push(looking);
          await writer.commit(step);
          if (at % 4 === foldEvery) checked.push(writer.fold());
        }
        await Promise.all(checked);
        await reader.refresh();
        expect(contentOf(reader.state)).toEqual(contentOf(own.state));
      }),
      { numRuns: 15 },
    );
  });
});
