import { ExporterFailure, LSN_ZERO } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import { awaitUntil } from '../../../test/support/await-until.js';
import { FakePostgres, insert, update } from '../../../test/support/fake-postgres.js';
import type { FakePoint } from '../../../test/support/fake-upstream.js';
import { outlivingStore } from '../../../test/support/faulty-store.js';
import { counted, givenPipeline, IMPATIENT, read, spend } from '../../../test/support/given-pipeline.js';

const _HOUR = 3_600_000;

function _unavailable(): ExporterFailure {
  return new ExporterFailure({ kind: 'store-unavailable', message: 'Redis is away' });
}

describe('the supervisor', () => {
  it('seeds first, then streams from the consistent point, and confirms it', async () => {
    const server = new FakePostgres();
    server.commit([spend({ spend: 2 })]);
    await using pipeline = givenPipeline(server);
    await pipeline.streaming();
    server.commit([spend({ spend: 3 })], { gap: 0 });
    await pipeline.caughtUp();
    expect(read(pipeline.state, 'spend_by_model', 'gpt-5')).toEqual({ rows: 2, sum: 5 });
    expect(pipeline.told.of('seedStarted')).toEqual([['first']]);
    expect(pipeline.upstream.session.seeds).toBe(1);
  });

  it('W3: a transaction whose commit lies exactly at the consistent point counts', async () => {
    const server = new FakePostgres();
    server.commit([spend()]);
    const wish = {
      reach: (point: FakePoint): void => {
        if (point === 'stream') server.commit([spend()], { gap: 0 });
      },
    };
    await using pipeline = givenPipeline(server, wish);
    await pipeline.streaming();
    // The claim's message was written before the slot was made; nothing lies between slot and commit.
    await pipeline.caughtUp();
    expect(read(pipeline.state, 'spend_by_model', 'gpt-5')?.rows).toBe(2);
  });

  it('W3: goes on after a lost connection from what is stored, with no seed, and counts nothing twice', async () => {
    const server = new FakePostgres();
    await using pipeline = givenPipeline(server);
    await pipeline.streaming();
    for (let round = 1; round <= 5; round++) {
      server.commit([spend(), spend()]);
      server.commit([spend()], { gap: 0 });
      if (round % 2 === 0) await pipeline.caughtUp();
      pipeline.upstream.breakOff();
      await pipeline.streaming(round + 1);
    }
    await pipeline.caughtUp();
    expect(read(pipeline.state, 'spend_by_model', 'gpt-5')?.rows).toBe(15);
    expect(counted(pipeline.state, 'requests_processed', 'gpt-5', 'success')).toBe(15);
    expect(pipeline.told.of('seedStarted')).toEqual([['first']]);
  });

  it('W3: what a broken stream left half gathered comes again', async () => {
    const server = new FakePostgres();
    let breaks = 0;
    const wish = {
      reach: (point: FakePoint): void => {
        if (point === 'receive' && ++breaks === 6) throw new Error('cut in the middle of a transaction');
      },
    };
    await using pipeline = givenPipeline(server, wish);
    await pipeline.streaming();
    server.commit(Array.from({ length: 10 }, () => spend()));
    await pipeline.streaming(2);
    await pipeline.caughtUp();
    expect(read(pipeline.state, 'spend_by_model', 'gpt-5')?.rows).toBe(10);
    expect(counted(pipeline.state, 'transactions')).toBe(1);
  });

  it('W5: goes on across a promotion that lies beyond all that was counted, and remembers the new timeline', async () => {
    const server = new FakePostgres();
    await using pipeline = givenPipeline(server, { store: outlivingStore() });
    await pipeline.streaming();
    server.commit([spend()]);
    await pipeline.caughtUp();
    Object.assign(server, { timeline: 2, timelineHistory: new Map([[1, server.walEnd]]) });
    pipeline.upstream.breakOff();
    await pipeline.streaming(2);
    server.commit([spend()]);
    await pipeline.caughtUp();
    expect(pipeline.store.checkpoint?.source.timeline).toBe(2);
    // Beyond the switch point now: only a checkpoint that knows of the new timeline goes on once more.
    pipeline.upstream.breakOff();
    await pipeline.streaming(3);
    expect(pipeline.told.of('seedStarted')).toEqual([['first']]);
  });

  it('W5: refuses another system, claims nothing, and says the remedy', async () => {
    const server = new FakePostgres();
    const store = outlivingStore();
    const first = givenPipeline(server, { store });
    await first.streaming();
    server.commit([spend()]);
    await first.caughtUp();
    await first.stop();
    const other = new FakePostgres();
    other.systemId = '999';
    let claims = 0;
    store.reach = (point) => {
      if (point === 'claim') claims += 1;
    };
    await using second = givenPipeline(other, { store });
    await awaitUntil(() => second.told.of('error').length > 1);
    expect(String(second.told.of('error')[0])).toMatch(
      /belongs to the PostgreSQL system[\s\S]*remedy: .*REDIS_KEY_PREFIX/,
    );
    expect(claims).toBe(0);
    expect(read(second.state, 'spend_by_model', 'gpt-5')?.rows).toBe(1);
    expect(other.slot).toBeNull();
  });

  it('waits while the server is in recovery', async () => {
    const server = new FakePostgres();
    server.inRecovery = true;
    await using pipeline = givenPipeline(server);
    await awaitUntil(() => pipeline.told.of('error').length > 2);
    expect(pipeline.store.state).toBeNull();
    server.inRecovery = false;
    await pipeline.streaming();
  });

  it('a stream that breaks as soon as it is open is tried ever more slowly', async () => {
    const server = new FakePostgres();
    const attempts: number[] = [];
    const pacing = {
      seed: IMPATIENT.seed,
      retry: (_error: unknown, attempt: number) => {
        attempts.push(attempt);
        return { pause: 1, operator: false };
      },
    };
    const reach = (point: FakePoint): void => {
      if (point === 'stream') throw new ExporterFailure({ kind: 'slot-active', message: 'somebody else streams' });
    };
    await using pipeline = givenPipeline(server, { pacing, reach });
    await awaitUntil(() => attempts.length >= 4);
    expect(attempts.slice(0, 4)).toEqual([1, 2, 3, 4]);
    expect(pipeline.told.of('leader').slice(0, 2)).toEqual([[true], [false]]);
  });

  it('stores and confirms what was gathered when it is stopped, and lets go', async () => {
    const server = new FakePostgres();
    const pipeline = givenPipeline(server);
    await pipeline.streaming();
    const { endLsn } = server.commit([spend()]);
    await awaitUntil(() => (pipeline.upstream.session.openStream?.sent ?? 0n) >= endLsn);
    await pipeline.stop();
    expect(read(pipeline.state, 'spend_by_model', 'gpt-5')?.rows).toBe(1);
    expect(server.slot?.confirmed).toBeGreaterThanOrEqual(endLsn);
    expect(pipeline.upstream.session.closed).toBe(true);
  });

  it('W11: with a slot that goes with its connection every connection seeds, and nothing is left behind', async () => {
    const server = new FakePostgres();
    server.commit([insert('team', { team_id: 't1', team_alias: 'one', spend: 0 }), spend({ team_id: 't1' })]);
    const pipeline = givenPipeline(server, { temporarySlot: true });
    await pipeline.streaming();
    pipeline.upstream.breakOff();
    await pipeline.streaming(2);
    server.commit([update('team', { team_id: 't1', team_alias: 'two' }), spend({ team_id: 't1' })]);
    await pipeline.caughtUp();
    expect(counted(pipeline.state, 'seeds', 'process_state')).toBe(1);
    expect(read(pipeline.state, 'spend_by_team', 't1', '', 'gpt-5')?.rows).toBe(2);
    expect(pipeline.state.entities.get('team', 't1')?.teamAlias).toBe('two');
    await pipeline.stop();
    expect(server.slot).toBeNull();
  });

  it('the last commit is told by its time', async () => {
    const server = new FakePostgres();
    await using pipeline = givenPipeline(server);
    await pipeline.streaming();
    const { commitTime } = server.commit([spend()], { commitTime: server.clock + 5_000 });
    await pipeline.caughtUp();
    expect(pipeline.state.figure('last_commit_timestamp_seconds')).toBe(commitTime / 1000);
    expect(pipeline.store.checkpoint?.commitTime).toBe(commitTime);
    expect(pipeline.store.checkpoint?.next).toBeGreaterThan(LSN_ZERO);
  });
});
