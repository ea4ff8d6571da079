import { setTimeout as pause } from 'node:timers/promises';
import { AggregateState, StepPreparation } from '@app/aggregates';
import { ExporterFailure, lsnOf } from '@app/change';
import { describe, expect, it, jest } from '@jest/globals';
import { awaitUntil } from '../../../test/support/await-until.js';
import { FakePostgres } from '../../../test/support/fake-postgres.js';
import { FaultyStore, faultyStore, outlivingStore } from '../../../test/support/faulty-store.js';
import { givenPipeline, IMPATIENT, read, spend } from '../../../test/support/given-pipeline.js';
import { seededStore } from '../../../test/support/seeded-store.js';

const _HOUR = 3_600_000;

function unavailable(): ExporterFailure {
  return new ExporterFailure({ kind: 'store-unavailable', message: 'Redis is away' });
}

describe('the supervisor and its store', () => {
  it('a seed is not lost to a store that is away when it has to be put in place', async () => {
    const server = new FakePostgres();
    server.commit([spend()]);
    let away = 2;
    const store = faultyStore((point) => {
      if (point === 'replace' && away-- > 0) throw unavailable();
    });
    await using pipeline = givenPipeline(server, { store });
    await pipeline.streaming();
    expect(pipeline.upstream.session.seeds).toBe(1);
    expect(pipeline.told.of('storeError')).toHaveLength(2);
  });

  it('W11: holds nothing of PostgreSQL while a step waits for the store, and can be stopped meanwhile', async () => {
    const server = new FakePostgres();
    const pipeline = givenPipeline(server);
    await pipeline.streaming();
    pipeline.store.reach = (point) => {
      if (point === 'store') throw unavailable();
    };
    server.commit([spend()]);
    await awaitUntil(() => pipeline.told.of('storeError').length > 0);
    pipeline.upstream.breakOff();
    await awaitUntil(() => pipeline.told.of('error').length > 0);
    await pause(100);
    expect(pipeline.upstream.sessions).toHaveLength(1);
    const started = performance.now();
    await pipeline.stop();
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('W4: a stop does not wait until the disk of the store has been written, so that another replica has the stream at once', async () => {
    const server = new FakePostgres();
    const pipeline = givenPipeline(server);
    await pipeline.streaming();
    let synced: () => void = () => undefined;
    const disk = new Promise<void>((resolve) => {
      synced = resolve;
    });
    pipeline.store.reach = (point) => (point === 'durable' ? disk : undefined);
    server.commit([spend()]);
    await awaitUntil(() => read(pipeline.state, 'spend_by_model', 'gpt-5')?.rows === 1);
    await pipeline.stop();
    expect(server.slot?.confirmed).toBeLessThan(server.walEnd);
    synced();
  });

  it('W5: keys of another deployment that have been deleted meanwhile are noticed without a restart', async () => {
    const server = new FakePostgres();
    const other = await seededStore();
    const store = new FaultyStore(other.store, undefined, 'external');
    await using pipeline = givenPipeline(server, { store });
    await awaitUntil(() => pipeline.told.lines.some((line) => line.includes('belongs to the PostgreSQL system 7,')));
    let opened = 0;
    store.reach = (point) => {
      if (point === 'open') opened += 1;
    };
    const refresh = jest.spyOn(store, 'refresh').mockRejectedValue(unavailable());
    await awaitUntil(() => opened > 0, { what: 'the store is read again' });
    refresh.mockRestore();
    expect(pipeline.told.of('seedStarted')).toEqual([]);
  });

  it('W3: a step whose answer was lost counts once when the store is back', async () => {
    const server = new FakePostgres();
    await using pipeline = givenPipeline(server);
    await pipeline.streaming();
    let lost = 0;
    pipeline.store.reach = (point) => {
      if (point === 'stored' && lost++ < 2) throw unavailable();
    };
    server.commit([spend()]);
    await pipeline.caughtUp();
    expect(lost).toBeGreaterThan(2);
    expect(read(pipeline.state, 'spend_by_model', 'gpt-5')?.rows).toBe(1);
  });

  it('W5: a store that went back is read again, and the start table decides', async () => {
    const server = new FakePostgres();
    await using pipeline = givenPipeline(server, { store: outlivingStore() });
    await pipeline.streaming();
    server.commit([spend()]);
    await pipeline.caughtUp();
    let opened = 0;
    pipeline.store.reach = (point) => {
      if (point === 'open') opened += 1;
      if (point === 'store' && opened === 0) {
        throw new ExporterFailure({ kind: 'checkpoint-mismatch', message: 'the store stands elsewhere' });
      }
    };
    server.commit([spend()]);
    await pipeline.streaming(2);
    await pipeline.caughtUp();
    expect(opened).toBe(1);
    expect(read(pipeline.state, 'spend_by_model', 'gpt-5')?.rows).toBe(2);
  });

  it('W4: a writer that is fenced says so, and does not go on with its claim', async () => {
    const server = new FakePostgres();
    const store = outlivingStore();
    await using pipeline = givenPipeline(server, { store });
    await pipeline.streaming();
    // One that follows a promotion which this process has not heard of.
    await store.inner.claim({ lineage: `${server.systemId}/2`, position: lsnOf(1n) });
    server.commit([spend()]);
    await awaitUntil(() => pipeline.told.of('fenced').length > 2);
    expect(read(pipeline.state, 'spend_by_model', 'gpt-5')).toBeUndefined();
    expect(server.slot?.confirmed).toBeLessThan(server.walEnd);
  });

  it('W4: no step is under way under the old claim when a new one is made', async () => {
    const server = new FakePostgres();
    await using pipeline = givenPipeline(server);
    await pipeline.streaming();
    let stored = 0;
    pipeline.store.reach = async (point) => {
      if (point !== 'claim') return;
      const before = pipeline.store.steps.length;
      // As long as a tick.
      await pause(1_200);
      stored = pipeline.store.steps.length - before + pipeline.store.underWay;
    };
    pipeline.upstream.breakOff();
    await pipeline.streaming(2);
    expect(stored).toBe(0);
    expect(pipeline.told.of('fenced')).toEqual([]);
    expect(pipeline.told.of('error')).toHaveLength(1);
  });

  it('W10: waits for a store that can not be opened, and says why', async () => {
    const server = new FakePostgres();
    let refusals = 0;
    const store = faultyStore((point) => {
      if (point === 'open' && ++refusals <= 2) throw unavailable();
    });
    await using pipeline = givenPipeline(server, { store });
    await pipeline.streaming();
    expect(pipeline.told.of('error')).toEqual([['Redis is away'], ['Redis is away']]);
  });

  it('W11: a slot that lags too far while the store is away is dropped, and made again when the store is back', async () => {
    const server = new FakePostgres();
    const store = faultyStore(() => undefined);
    await using pipeline = givenPipeline(server, { store, maxRetainedBytes: 10_000, updateInterval: 20 });
    await pipeline.streaming();
    store.reach = (point) => {
      if (point === 'store' || point === 'claim' || point === 'replace') throw unavailable();
    };
    server.commit([spend()]);
    await awaitUntil(() => pipeline.told.of('storeError').length > 0);
    pipeline.upstream.breakOff();
    server.commit([spend()], { gap: 20_000 });
    await awaitUntil(() => server.slot === null, { what: 'the slot is dropped' });
    await pause(100);
    // Nobody makes a slot that nothing can be stored for.
    expect(server.slot).toBeNull();
    expect(pipeline.told.of('slotDropped')).toHaveLength(1);
    expect(pipeline.told.of('seedStarted')).toEqual([['first']]);
    store.reach = () => undefined;
    await pipeline.streaming(2);
    server.commit([spend()]);
    await pipeline.caughtUp();
    expect(pipeline.told.of('seedStarted')).toEqual([['first'], ['retained_limit']]);
    expect(read(pipeline.state, 'spend_by_model', 'gpt-5')?.rows).toBe(3);
  });

  it('W11: the leader itself gives a slot up that lags too far, before the seed that may have to wait', async () => {
    const server = new FakePostgres();
    let waits = 0;
    const pacing = { ...IMPATIENT, seed: () => (waits++ === 0 ? 0 : 60_000) };
    await using pipeline = givenPipeline(server, { pacing, maxRetainedBytes: 10_000, updateInterval: 20 });
    await pipeline.streaming();
    pipeline.upstream.session.openStream?.pause();
    server.commit([spend()], { gap: 20_000 });
    await awaitUntil(() => pipeline.told.lines.some((line) => line.includes('it starts in 60 s')));
    expect(server.slot).toBeNull();
    expect(pipeline.told.of('slotDropped')).toHaveLength(1);
    expect(pipeline.told.lines.join()).toContain('a new seed is wanted: retained_limit');
  });

  it('W6: a state that broke while a step was applied is shown no more, and without Redis it is seeded anew', async () => {
    const server = new FakePostgres();
    await using pipeline = givenPipeline(server);
    await pipeline.streaming();
    const broken = pipeline.state;
    const { apply } = AggregateState.prototype;
    const spy = jest.spyOn(AggregateState.prototype, 'apply').mockImplementation(function (
      this: AggregateState,
      record,
    ) {
      apply.call(this, record);
      if (this === broken && record.counters.length > 0) throw new RangeError('no such bucket');
    });
    try {
      server.commit([spend()]);
      await awaitUntil(() => pipeline.told.of('seedStarted').length === 2, { what: 'a new seed' });
      expect(pipeline.told.of('error').map(String)).toEqual([
        expect.stringMatching(/the step up to [0-9A-F]+\/[0-9A-F]+ could not be applied/),
      ]);
      server.commit([spend()]);
      await pipeline.caughtUp();
    } finally {
      spy.mockRestore();
    }
    expect(() => broken.hold()).toThrow('half of a step');
    expect(pipeline.told.of('storeError')).toEqual([['store-broken']]);
    expect(pipeline.told.of('seedStarted')).toEqual([['first'], ['step_broken']]);
    expect(read(pipeline.state, 'spend_by_model', 'gpt-5')?.rows).toBe(2);
  });

  it('W10: a step that can not be made is tried once more, then a new seed is the way out', async () => {
    const server = new FakePostgres();
    await using pipeline = givenPipeline(server);
    await pipeline.streaming();
    const { preparing } = StepPreparation.prototype;
    let broken = 0;
    const spy = jest.spyOn(StepPreparation.prototype, 'preparing').mockImplementation(function (this: never, step) {
      // A seed is folded by it, too: it is the old state that the row doesn't go together with.
      if (step.delta.rows === 1 && broken++ < 2) throw new RangeError('no such bucket');
      return preparing.call(this, step);
    });
    try {
      server.commit([spend()]);
      await awaitUntil(() => pipeline.told.of('seedStarted').length === 2, { what: 'a new seed' });
      server.commit([spend(), spend()]);
      await pipeline.caughtUp();
    } finally {
      spy.mockRestore();
    }
    expect(pipeline.told.of('seedStarted')).toEqual([['first'], ['step_broken']]);
    const said = pipeline.told.of('error').map(String);
    expect(said).toEqual([expect.stringContaining('no such bucket'), expect.stringContaining('no such bucket')]);
    expect(said[0]).toMatch(/the step from [0-9A-F]+\/[0-9A-F]+ on can't be made/);
    expect(read(pipeline.state, 'spend_by_model', 'gpt-5')?.rows).toBe(3);
  });
});
