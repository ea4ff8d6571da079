import { setTimeout as pause } from 'node:timers/promises';
import { type Change, ExporterFailure, type Lsn } from '@app/change';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { awaitUntil } from '../../../test/support/await-until.js';
import { FakePostgres } from '../../../test/support/fake-postgres.js';
import { type FakeStream, FakeUpstream, type FakeUpstreamOptions } from '../../../test/support/fake-upstream.js';
import { counted, read, spend } from '../../../test/support/given-pipeline.js';
import { type SeededStore, seededStore } from '../../../test/support/seeded-store.js';
import { Told } from '../../../test/support/told.js';
import { StreamConsumer } from './consumer.js';
import { PoisonWatch } from './poison-watch.js';
import { SeedWanted } from './seed-wanted.js';
import { Writer } from './writer.js';

const HOUR = 3_600_000;
const unavailable = () => new ExporterFailure({ kind: 'store-unavailable', message: 'Redis is away' });

/** A consumer at work on a fake server and a seeded store. */
interface Given {
  readonly server: FakePostgres;
  readonly seeded: SeededStore;
  readonly writer: Writer;
  readonly told: Told;
  readonly upstream: FakeUpstream;
  /** Settles when the consumer ends: with what it threw, or null. */
  readonly ended: Promise<unknown>;
  readonly stream: FakeStream;
  stop(): Promise<unknown>;
}

const running = new Set<Given>();
async function given(wish: FakeUpstreamOptions & { updateInterval?: number } = {}): Promise<Given> {
  const server = new FakePostgres();
  server.createSlot('wal2json', false);
  const seeded = await seededStore(server.clock);
  const told = new Told();
  const writer = new Writer(seeded.store, told);
  writer.attach(seeded.claim);
  const upstream = new FakeUpstream(server, wish);
  const session = await upstream.connect(new AbortController().signal);
  const stopping = new AbortController();
  const consumer = new StreamConsumer({
    session,
    store: seeded.store,
    writer,
    observer: told,
    updateInterval: wish.updateInterval ?? HOUR,
    maxRetainedBytes: 0,
    poison: new PoisonWatch(),
    lookAtSchema: async () => undefined,
    settingsDue: () => false,
  });
  const ended = consumer.run(stopping.signal).then(
    () => null,
    (error: unknown) => error,
  );
  const one: Given = {
    server,
    seeded,
    writer,
    told,
    upstream,
    ended,
    get stream() {
      return upstream.session.openStream as FakeStream;
    },
    stop: () => {
      stopping.abort();
      return ended;
    },
  };
  running.add(one);
  await awaitUntil(() => told.of('connected').length > 0, { interval: 1, what: 'an open stream' });
  return one;
}

/** Holds each step at the store, until the returned function lets go of it and of those to come. */
function holdSteps({ seeded }: Given): () => void {
  const held: (() => void)[] = [];
  seeded.store.reach = (point) => (point === 'store' ? new Promise<void>((resolve) => held.push(resolve)) : undefined);
  return () => {
    seeded.store.reach = () => undefined;
    for (const go of held) go();
  };
}

afterEach(async () => {
  for (const one of running) {
    one.seeded.store.reach = () => undefined;
    one.upstream.breakOff();
    await one.writer.detach();
    await one.ended;
  }
  running.clear();
});

describe('the consumer of a stream', () => {
  it('W2: confirms what is stored and durable, exactly, and nothing before', async () => {
    const one = await given();
    await awaitUntil(() => one.writer.idle, { interval: 1 });
    const letGo = holdSteps(one);
    const stored = one.seeded.store.checkpoint?.next;
    const { endLsn } = one.server.commit([spend()]);
    await awaitUntil(() => one.seeded.store.underWay === 1, { interval: 1 });
    one.stream.keepalive(true);
    await pause(300);
    // What was stored before is durable; the commit and the end of the log are not stored yet.
    expect(one.stream.confirmed).toBe(stored);
    letGo();
    await awaitUntil(() => one.stream.confirmed >= endLsn, { interval: 1 });
    await awaitUntil(() => one.stream.confirmed === one.server.walEnd, { interval: 1 });
    const last = one.seeded.store.checkpoint?.next ?? 0n;
    expect(one.stream.confirmations.every((position) => position <= last)).toBe(true);
  });

  it('W2: what the store can not promise to keep is not confirmed', async () => {
    const one = await given();
    await awaitUntil(() => one.writer.idle, { interval: 1 });
    const before = one.seeded.store.checkpoint?.next as Lsn;
    one.seeded.store.durable = async () => before;
    const { endLsn } = one.server.commit([spend()]);
    await awaitUntil(() => one.seeded.store.checkpoint?.next === endLsn, { interval: 1 });
    await pause(300);
    expect(one.stream.confirmed).toBe(before);
    one.seeded.store.durable = async () => endLsn;
    await awaitUntil(() => one.stream.confirmed === endLsn, { interval: 5 });
  });

  it('W11: the end of the log that a keepalive names is confirmed exactly, and soon where the server asks', async () => {
    const one = await given();
    await awaitUntil(() => one.told.of('stored').length > 0, { interval: 1 });
    one.server.commit([]);
    one.stream.keepalive(true);
    await awaitUntil(() => one.stream.confirmed === one.server.walEnd, { interval: 1, timeout: 900 });
  });

  it('W11: lets go of PostgreSQL when the store has been out of reach for 8 s, and not before', async () => {
    const one = await given();
    let over = false;
    void one.ended.then(() => {
      over = true;
    });
    one.seeded.store.reach = (point) => {
      if (point === 'store') throw unavailable();
    };
    const clock = jest.spyOn(Date, 'now');
    const began = Date.now();
    try {
      one.server.commit([spend()]);
      await awaitUntil(() => one.writer.blockedSince !== null, { interval: 1 });
      clock.mockReturnValue(began + 7_500);
      await pause(600);
      expect(over).toBe(false);
      clock.mockReturnValue(began + 9_000);
      expect(await one.ended).toMatchObject({ kind: 'store-unavailable', message: expect.stringContaining('8 s') });
    } finally {
      clock.mockRestore();
    }
    expect(one.stream.ended).toBe(true);
    expect(one.told.of('connected').at(-1)).toEqual([false]);
  });

  it('W11: lets go after 30 s of one step, though no call to the store has failed', async () => {
    const one = await given();
    const silent: (() => void)[] = [];
    one.seeded.store.reach = (point) =>
      point === 'store' || point === 'durable' ? new Promise<void>((resolve) => silent.push(resolve)) : undefined;
    one.server.commit([spend()]);
    await awaitUntil(() => one.seeded.store.underWay === 1, { interval: 1 });
    const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 29_000);
    await pause(600);
    expect(one.stream.ended).toBe(false);
    clock.mockReturnValue(Date.now() + 2_000);
    expect(await one.ended).toMatchObject({ message: expect.stringContaining('30 s') });
    clock.mockRestore();
    for (const answer of silent) answer();
  });

  it('goes on when the store comes back in time, and has lost nothing', async () => {
    const one = await given();
    let refusals = 0;
    one.seeded.store.reach = (point) => {
      if (point === 'store' && ++refusals <= 2) throw unavailable();
    };
    one.server.commit([spend()]);
    const { endLsn } = one.server.commit([spend()]);
    await awaitUntil(() => one.stream.confirmed >= endLsn, { interval: 5 });
    expect(read(one.seeded.state, 'spend_by_model', 'gpt-5')?.rows).toBe(2);
  });

  it('drains when it is asked to stop: what was gathered is stored, confirmed, and the stream closed', async () => {
    const one = await given();
    const { endLsn } = one.server.commit([spend()]);
    await awaitUntil(() => one.writer.next >= endLsn, { interval: 1 });
    expect(await one.stop()).toBeNull();
    expect(one.seeded.store.checkpoint?.next).toBeGreaterThanOrEqual(endLsn);
    expect(one.stream.confirmed).toBeGreaterThanOrEqual(endLsn);
    expect(one.stream.ended).toBe(true);
    expect(one.told.of('connected').at(-1)).toEqual([false]);
  });

  it.each([
    ['is out of reach', unavailable()],
    ['has refused', new ExporterFailure({ kind: 'fenced', message: 'a newer writer' })],
  ])('does not wait for a store that %s when it is asked to stop', async (_why, failure) => {
    const one = await given();
    one.seeded.store.reach = (point) => {
      if (point === 'store') throw failure;
    };
    one.server.commit([spend()]);
    await awaitUntil(() => one.writer.blockedSince !== null || one.writer.checkpoint === null, { interval: 1 });
    const began = performance.now();
    await one.stop();
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  it('W9: reads no more while the store is slower than the stream', async () => {
    const one = await given();
    await awaitUntil(() => one.writer.idle, { interval: 1 });
    const letGo = holdSteps(one);
    one.server.commit([spend()]);
    await awaitUntil(() => one.seeded.store.underWay === 1, { interval: 1 });
    // A batch of many rows behind it, without sending each of them through the fake.
    Object.defineProperty(one.writer, 'full', { get: () => one.seeded.store.underWay === 1 });
    one.server.commit([spend()]);
    await awaitUntil(() => one.stream.paused, { interval: 1 });
    expect(one.told.of('paused').at(-1)).toEqual([true]);
    letGo();
    await awaitUntil(() => !one.stream.paused, { interval: 1 });
    expect(one.told.of('paused').at(-1)).toEqual([false]);
  });

  it('reads no more while it drains, though the store has room again', async () => {
    const one = await given();
    await awaitUntil(() => one.writer.idle, { interval: 1 });
    const letGo = holdSteps(one);
    Object.defineProperty(one.writer, 'full', { get: () => one.seeded.store.underWay === 1 });
    one.server.commit([spend()]);
    await awaitUntil(() => one.seeded.store.underWay === 1, { interval: 1 });
    one.server.commit([spend()]);
    await awaitUntil(() => one.stream.paused, { interval: 1 });
    const resumed = jest.spyOn(one.stream, 'resume');
    const stopped = one.stop();
    letGo();
    await stopped;
    expect(resumed).not.toHaveBeenCalled();
    expect(read(one.seeded.state, 'spend_by_model', 'gpt-5')?.rows).toBe(2);
  });

  it('ends with what the stream or the session ends with', async () => {
    const broken = await given();
    broken.upstream.breakOff(new Error('cut'));
    expect(await broken.ended).toEqual(new Error('cut'));
    const failing = await given({
      reach: (point) => {
        if (point === 'figures') throw new Error('no figures');
      },
    });
    expect(await failing.ended).toEqual(new Error('no figures'));
  });

  it('W5: wants a new seed when another table bears the name of the spend logs', async () => {
    const one = await given({ updateInterval: 20 });
    one.server.spendLogsOid = 99;
    expect(await one.ended).toEqual(new SeedWanted('other_spend_logs'));
  });

  it('wants a new seed after a backfill has gone quiet', async () => {
    const old = new Date(Date.now() - 48 * HOUR).toISOString();
    const row: Change = spend({ startTime: old, endTime: old });
    const one = await given();
    const { endLsn } = one.server.commit(Array.from({ length: 1_001 }, () => row));
    await awaitUntil(() => one.seeded.store.checkpoint?.next === endLsn, { interval: 5 });
    expect(counted(one.seeded.state, 'rows_history')).toBe(1_001);
    await pause(300);
    const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 61_000);
    expect(await one.ended).toEqual(new SeedWanted('history'));
    clock.mockRestore();
  });

  it('a heartbeat through the data path moves an idle slot, and tells the lag', async () => {
    const one = await given({ updateInterval: 20 });
    const before = one.server.walEnd;
    await awaitUntil(() => Number(one.seeded.state.figure('replication_lag_seconds') ?? -1) >= 0, { interval: 2 });
    await awaitUntil(() => one.stream.confirmed > before, { interval: 2 });
    await awaitUntil(() => one.seeded.state.figure('durable_lag_bytes') === 0, { interval: 2 });
  });

  it('W10: names what could not be used', async () => {
    const one = await given();
    one.server.raw([{ kind: 'rejected', reason: 'undecodable_message', detail: 'wal2json message of 3 bytes' }]);
    await awaitUntil(() => one.told.lines.length > 0, { interval: 1 });
    expect(one.told.lines).toEqual([
      'passed over undecodable_message outside of a transaction: wal2json message of 3 bytes',
    ]);
    await one.stop();
    one.writer.take({ kind: 'tick' });
    await awaitUntil(() => counted(one.seeded.state, 'rows_rejected', 'undecodable_message') === 1, { interval: 1 });
  });
});
