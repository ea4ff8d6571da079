import { createHash } from 'node:crypto';
import { type AggregateState, emptyRecord } from '@app/aggregates';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RedisDeployment } from '../../../../test/contracts/redis-deployment.js';
import { contentOf } from '../../../../test/contracts/state-content.js';
import { epochAt, type StepIdea, StepMaker } from '../../../../test/contracts/state-steps.js';
import { expectFailure, stepIdeas } from '../../../../test/contracts/state-store.contract.js';
import { awaitUntil } from '../../../../test/support/await-until.js';
import { type RedisServer, startRedis } from '../../../../test/support/redis-server.js';
import type { RedisStateStore } from './redis-state-store.js';
import { WRITE_BASE } from './scripts/write-base-n.js';

const WRITE_BASE_SUM = createHash('sha1').update(WRITE_BASE).digest('hex');

describe('a process that starts again', () => {
  let server: RedisServer;
  let deployment: RedisDeployment;

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    deployment = new RedisDeployment(server);
  });
  afterEach(async () => {
    await deployment[Symbol.asyncDispose]();
  });

  /** A store with a first generation in place. */
  async function begin(maker: StepMaker, store: RedisStateStore): Promise<RedisStateStore> {
    await store.open();
    await store.claim(maker.epoch);
    await store.replace(maker.generation());
    return store;
  }

  async function reopened(): Promise<RedisStateStore> {
    const store = deployment.store({ options: { tuning: { keepLog: 0 } } });
    await store.open();
    return store;
  }

  async function logLength(): Promise<number> {
    const generation = await deployment.client.hget(deployment.key('meta'), 'generation');
    return deployment.client.xlen(deployment.key(`${generation}:log`));
  }

  it('finds replaced tokens with their times, and none that was forgotten, from log and base', async () => {
    const maker = new StepMaker();
    const store = await begin(maker, deployment.store({ options: { tuning: { keepLog: 0 } } }));
    const { version, clock } = maker.state;
    const two = [['a', 'b', clock - 5] as const, ['b', 'c', clock] as const];
    await store.commit(maker.take({ ...emptyRecord(version + 1, clock), replacedTokens: two }));
    for (const folded of [false, true]) {
      if (folded) await store.fold();
      expect(contentOf((await reopened()).state)).toEqual(contentOf(maker.state));
    }
    await store.commit(maker.take({ ...emptyRecord(version + 2, clock), forgottenTokens: ['a'] }));
    for (const folded of [false, true]) {
      if (folded) await store.fold();
      const { state } = await reopened();
      expect([...(state as AggregateState).entities.replacedTokens()]).toEqual([['b', 'c', clock]]);
    }
  });

  it('finds the state and the checkpoint as they were, from the log alone', async () => {
    const maker = new StepMaker();
    const store = await begin(maker, deployment.store());
    for (let key = 0; key < 5; key++) {
      const rows: StepIdea['rows'] = [{ kind: 'spend_by_team', key, age: 0, sum: 0.1 }];
      await store.commit(maker.step({ rows, teams: [{ id: key, spend: key }] }));
    }
    const again = await reopened();
    expect(contentOf(again.state)).toEqual(contentOf(maker.state));
    expect(again.checkpoint).toEqual(store.checkpoint);
  });

  it('finds them after the log has been folded into the base and trimmed', async () => {
    const maker = new StepMaker();
    const store = await begin(maker, deployment.store({ options: { tuning: { keepLog: 0 } } }));
    for (let key = 0; key < 5; key++) {
      await store.commit(maker.step({ rows: [{ kind: 'spend_by_user', key, age: 0, sum: 1 / 3 }] }));
      await store.fold();
    }
    expect(await logLength()).toBe(0);
    expect(contentOf((await reopened()).state)).toEqual(contentOf(maker.state));
  });

  it('finds a staged step of very many pairs, before and after it was folded, and leaves no part behind', async () => {
    const maker = new StepMaker();
    const tuning = { sliceItems: 500, keepLog: 0 };
    const store = await begin(maker, deployment.store({ options: { tuning } }));
    await store.commit(maker.take(maker.largeRecord(3_000)));
    const staged = (await deployment.keys()).filter((key) => key.startsWith('stage:'));
    expect(staged.length).toBeGreaterThan(5);
    expect(await deployment.client.ttl(deployment.key(String(staged[0])))).toBe(-1);
    expect(contentOf((await reopened()).state)).toEqual(contentOf(maker.state));
    await store.fold();
    expect((await deployment.keys()).filter((key) => key.startsWith('stage:'))).toEqual([]);
    expect(contentOf((await reopened()).state)).toEqual(contentOf(maker.state));
  });

  it('W6: a step whose staging breaks off is not there, and what it left goes by itself; the same step is stored after it', async () => {
    const maker = new StepMaker();
    let slices = 0;
    const tuning = { sliceItems: 500, keepLog: 0, stageSeconds: 2 };
    const cut = ({ name }: { name: string }) => (name.toLowerCase() === 'set' && ++slices === 6 ? 'unsent' : 'nothing');
    const store = await begin(maker, deployment.store({ options: { tuning }, cut }));
    const before = contentOf(store.state);
    const staged = async () => (await deployment.keys()).filter((key) => key.startsWith('stage:'));
    const step = maker.take(maker.largeRecord(3_000));
    await expectFailure(store.commit(step), 'store-unavailable');
    expect((await staged()).length).toBeLessThanOrEqual(5);
    for (const one of [store, await reopened()]) expect(contentOf(one.state)).toEqual(before);
    await awaitUntil(async () => (await staged()).length === 0);
    await store.commit(step);
    expect(contentOf((await reopened()).state)).toEqual(contentOf(maker.state));
  });

  it('W6: no script of a large step, of its fold or of a generation is given more than a small one would be', async () => {
    const maker = new StepMaker();
    const sizes: number[] = [];
    const cut = ({ name, args }: { name: string; args: readonly unknown[] }) => {
      if (/^eval/i.test(name)) sizes.push(args.length);
      return 'nothing' as const;
    };
    const store = await begin(maker, deployment.store({ options: { tuning: { keepLog: 0 } }, cut }));
    await store.commit(maker.take(maker.largeRecord(20_000)));
    await store.fold();
    await store.replace(maker.generation());
    expect(sizes.length).toBeGreaterThan(100);
    // 256 fields with their values, and three words for each of at most 128 keys.
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2 * 256 + 4 * 128 + 20);
  });

  it('goes on writing where the process before it stopped, and folds what that one left', async () => {
    const maker = new StepMaker();
    const first = await begin(maker, deployment.store({ options: { tuning: { sliceItems: 500 } } }));
    await first.commit(maker.take(maker.largeRecord(2_000)));
    await first.fold();
    await first.commit(maker.step({ rows: [{ kind: 'errors', key: 1, age: 0, sum: 0 }] }));
    const second = deployment.store({ options: { tuning: { keepLog: 0 } } });
    await second.open();
    await second.claim(epochAt(2));
    await second.commit(maker.step({ rows: [{ kind: 'errors', key: 2, age: 0, sum: 0 }] }, epochAt(2)));
    await second.fold();
    expect((await deployment.keys()).filter((key) => key.startsWith('stage:'))).toEqual([]);
    expect(contentOf((await reopened()).state)).toEqual(contentOf(maker.state));
  });

  it('never gives the id of a series that has gone to another one', async () => {
    const maker = new StepMaker();
    const store = await begin(maker, deployment.store({ options: { tuning: { keepLog: 0 } } }));
    await store.commit(maker.step({ rows: [{ kind: 'errors', key: 1, age: 0, sum: 0 }] }));
    await store.commit(maker.step({ tick: 600_000 }));
    await store.fold();
    const again = await reopened();
    expect([...(again.state?.series('errors') ?? [])]).toEqual([]);
    expect(again.state).toMatchObject({ lastId: maker.state.lastId });
  });

  it('finds no key of a bucket that has left its window', async () => {
    const maker = new StepMaker();
    const store = await begin(maker, deployment.store());
    await store.commit(maker.step({ rows: [{ kind: 'spend_by_model', key: 1, age: 0, sum: 1 }] }));
    await store.fold();
    const pairs = async (): Promise<string[]> => (await deployment.keys()).filter((key) => key.includes(':p:'));
    expect(await pairs()).toHaveLength(1);
    await store.commit(maker.step({ tick: 700_000 }));
    await store.fold();
    expect(await pairs()).toEqual([]);
  });

  it('W8: finds what any steps came to, wherever the writer died while it folded', async () => {
    let runs = 0;
    const deaths = fc.record({
      ideas: fc.array(stepIdeas, { minLength: 2, maxLength: 10 }),
      pieces: fc.nat(12),
      foldAt: fc.nat(9),
    });
    await fc.assert(
      fc.asyncProperty(deaths, async ({ ideas, pieces, foldAt }) => {
        runs += 1;
        const maker = new StepMaker(runs * 1_000_000, epochAt(2 * runs));
        const successor = epochAt(2 * runs + 1);
        let left = Number.POSITIVE_INFINITY;
        let dead = false;
        const store = await begin(
          maker,
          deployment.store({
            options: { tuning: { pieceFields: 1, keepLog: 0 } },
            cut: ({ args }) => {
              if (args[0] === WRITE_BASE_SUM || args[0] === WRITE_BASE) dead ||= left-- <= 0;
              return dead ? 'unsent' : 'nothing';
            },
          }),
        );
        for (const [at, idea] of ideas.entries()) {
          await store.commit(maker.step(idea));
          if (at === foldAt) await store.fold();
        }
        left = pieces;
        await store.fold();
        const again = await reopened();
        expect(contentOf(again.state)).toEqual(contentOf(maker.state));
        // The next writer folds over what the dead one left half written.
        await again.claim(successor);
        for (const idea of ideas) await again.commit(maker.step(idea, successor));
        await again.fold();
        expect(await logLength()).toBe(0);
        const last = await reopened();
        expect(contentOf(last.state)).toEqual(contentOf(maker.state));
        await Promise.all([store, again, last].map((one) => one.close()));
      }),
      { numRuns: 40 },
    );
  }, 120_000);
});
