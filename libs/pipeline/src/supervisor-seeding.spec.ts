import { setTimeout as pause } from 'node:timers/promises';
import { ExporterFailure, lsnOf } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import { awaitUntil } from '../../../test/support/await-until.js';
import { FakePostgres, type FakeSlot } from '../../../test/support/fake-postgres.js';
import type { FakePoint } from '../../../test/support/fake-upstream.js';
import { FaultyStore, outlivingStore } from '../../../test/support/faulty-store.js';
import { counted, givenPipeline, IMPATIENT, read, SETTINGS, spend } from '../../../test/support/given-pipeline.js';
import type { Pacing } from './supervisor.js';

const HOUR = 3_600_000;

describe('the supervisor and its seeds', () => {
  const happenings: readonly (readonly [reason: string, happens: (server: FakePostgres, slot: FakeSlot) => void])[] = [
    [
      'slot_absent',
      (server) => {
        server.slot = null;
      },
    ],
    [
      'slot_lost',
      (_server, slot) => {
        slot.lost = true;
      },
    ],
    [
      'state_behind_slot',
      (server, slot) => {
        slot.confirmed = server.commit([]).endLsn;
      },
    ],
    [
      'other_spend_logs',
      (server) => {
        server.spendLogsOid += 1;
      },
    ],
    [
      'timeline_changed',
      (server) => {
        server.timeline = 2;
        server.timelineHistory = new Map([[1, lsnOf(1n)]]);
      },
    ],
  ];

  it.each(happenings)(
    'W5: seeds anew, counted by reason, on %s, and serves the old state meanwhile, marked as stale',
    async (reason, happens) => {
      const server = new FakePostgres();
      server.commit([spend()]);
      // A moment for the old state to say so.
      const pacing = { ...IMPATIENT, seed: () => 300 };
      await using pipeline = givenPipeline(server, { store: outlivingStore(), pacing });
      await pipeline.streaming();
      await pipeline.caughtUp();
      const before = pipeline.state;
      await awaitUntil(() => before.figure('state_stale') === 0);
      happens(server, server.slot as FakeSlot);
      pipeline.upstream.breakOff();
      await awaitUntil(() => pipeline.state !== before);
      expect([before.figure('state_stale'), pipeline.state.figure('state_stale')]).toEqual([1, 0]);
      await pipeline.streaming(2);
      expect(counted(pipeline.state, 'seeds', reason)).toBe(1);
      expect(counted(pipeline.state, 'seeds', 'first')).toBe(1);
      expect(read(pipeline.state, 'spend_by_model', 'gpt-5')?.rows).toBe(1);
      expect(pipeline.state.version).toBeGreaterThan(before.version);
    },
  );

  it('W5: seeds anew where the slot turns out to lack something only when it is streamed from', async () => {
    const server = new FakePostgres();
    server.commit([spend()]);
    let streams = 0;
    const reach = (point: FakePoint): void => {
      if (point !== 'stream' || ++streams !== 2) return;
      throw new ExporterFailure({ kind: 'slot-lost', message: 'the publication lacks a table' });
    };
    await using pipeline = givenPipeline(server, { store: outlivingStore(), reach });
    await pipeline.streaming();
    await pipeline.caughtUp();
    pipeline.upstream.breakOff();
    await awaitUntil(() => counted(pipeline.state, 'seeds', 'slot_lost') === 1);
    expect(pipeline.told.of('error').flat().join()).toContain('the publication lacks a table');
    expect(read(pipeline.state, 'spend_by_model', 'gpt-5')?.rows).toBe(1);
  });

  it('W6: nothing of a seed that breaks off is ever served, and it is taken again from the start', async () => {
    const server = new FakePostgres();
    server.commit(Array.from({ length: 35 }, () => spend()));
    let slices = 0;
    const wish = {
      reach: (point: FakePoint): void => {
        if (point === 'slice' && ++slices === 3) throw new Error('the snapshot died');
      },
    };
    const served: unknown[] = [];
    const retry: Pacing['retry'] = () => {
      served.push(pipeline.store.state);
      return { pause: 1, operator: false };
    };
    await using pipeline = givenPipeline(server, { ...wish, pacing: { ...IMPATIENT, retry } });
    await pipeline.streaming(2);
    expect(read(pipeline.state, 'spend_by_model', 'gpt-5')?.rows).toBe(35);
    expect(counted(pipeline.state, 'seed_rows')).toBe(35);
    expect(served).toEqual([null]);
  });

  it('W8: windows are told from PostgreSQL\u2019s clock, however wrong the clock of this process is', async () => {
    const server = new FakePostgres();
    server.clockAhead = -2 * HOUR;
    const time = new Date(server.clock).toISOString();
    await using pipeline = givenPipeline(server, { store: outlivingStore() });
    await pipeline.streaming();
    server.commit([spend({ startTime: time, endTime: time })]);
    await pipeline.caughtUp();
    pipeline.upstream.breakOff();
    await pipeline.streaming(2);
    server.commit([spend({ startTime: time, endTime: time })]);
    await pipeline.caughtUp();
    expect(pipeline.state.clock).toBeLessThanOrEqual(server.clock);
    // The window of errors is an hour: with this process's clock the last minute would have left long ago.
    expect(read(pipeline.state, 'rate_by_key', 'key-1', 'gpt-5')?.rows).toBe(2);
  });

  it('W7: the clock of a state does not go back with a new seed that took its time', async () => {
    const server = new FakePostgres();
    const wish = {
      store: outlivingStore(),
      reach: (point: FakePoint): void => {
        // The seed takes an hour of the server's time, and windows go on meanwhile.
        if (point === 'slice' && server.clockAhead === 0 && pipeline.told.of('seedFinished').length === 1) {
          server.clockAhead = HOUR;
        }
      },
    };
    server.commit([spend()]);
    await using pipeline = givenPipeline(server, wish);
    await pipeline.streaming();
    await pipeline.caughtUp();
    const clocks: number[] = [];
    const watching = setInterval(() => clocks.push(pipeline.state.clock), 5);
    server.slot = null;
    pipeline.upstream.breakOff();
    await pipeline.streaming(2);
    await pause(1_100);
    clearInterval(watching);
    expect(clocks).toEqual([...clocks].sort((one, two) => one - two));
  });

  it('a seed that fails before it has read anything is not counted against the pace of seeds', async () => {
    const server = new FakePostgres();
    let refusals = 0;
    const asked: (readonly number[])[] = [];
    const pacing = {
      retry: IMPATIENT.retry,
      seed: (starts: readonly number[]): number => {
        asked.push([...starts]);
        return 0;
      },
    };
    const wish = {
      pacing,
      reach: (point: FakePoint): void => {
        if (point === 'seed' && ++refusals <= 3) {
          throw new ExporterFailure({ kind: 'slots-exhausted', message: 'all replication slots are in use' });
        }
      },
    };
    await using pipeline = givenPipeline(server, wish);
    await pipeline.streaming();
    // The first seed is not held against the next, which may begin at once; that one is.
    expect(asked).toEqual([[], [], [], []]);
    for (const [sessions, starts] of [
      [5, 0],
      [6, 1],
      [7, 2],
    ] as const) {
      server.slot = null;
      pipeline.upstream.breakOff();
      await pipeline.streaming(sessions);
      expect(asked.at(-1)).toHaveLength(starts);
    }
  });

  it('a connection that is lost while a seed has to wait is not waited with', async () => {
    const server = new FakePostgres();
    const pacing = { retry: IMPATIENT.retry, seed: (starts: readonly number[]) => (starts.length === 0 ? 0 : HOUR) };
    await using pipeline = givenPipeline(server, { pacing });
    await pipeline.streaming();
    for (const sessions of [2, 3]) {
      server.slot = null;
      pipeline.upstream.breakOff();
      await awaitUntil(() => pipeline.upstream.sessions.length === sessions);
      if (sessions === 2) await pipeline.streaming(2);
    }
    await awaitUntil(() => pipeline.told.lines.some((line) => line.includes('it starts in 3600 s')));
    const waiting = pipeline.upstream.sessions.length;
    pipeline.upstream.breakOff();
    await awaitUntil(() => pipeline.upstream.sessions.length > waiting);
    // Stopping does not wait for it either.
  });

  describe('with settings that differ between processes on one store', () => {
    const NARROW = { ...SETTINGS, windows: { ...SETTINGS.windows, spend: HOUR } };

    it('one that begins later seeds anew under its own, and counters go on', async () => {
      const server = new FakePostgres();
      const store = outlivingStore();
      const first = givenPipeline(server, { store });
      await first.streaming();
      const hours = new Date(server.clock - 2 * HOUR).toISOString();
      server.commit([spend(), spend({ startTime: hours, endTime: hours })]);
      await first.caughtUp();
      await first.stop();
      await using second = givenPipeline(server, { store, settings: NARROW });
      await second.streaming();
      await second.caughtUp();
      expect(counted(second.state, 'seeds', 'settings_changed')).toBe(1);
      expect(second.state.settings).toEqual(NARROW);
      expect(read(second.state, 'spend_by_model', 'gpt-5')?.rows).toBe(1);
      expect(counted(second.state, 'requests_processed', 'gpt-5', 'success')).toBe(2);
    });

    it('one that began before goes on under the stored ones, also when it has to seed, and turns nothing back', async () => {
      const server = new FakePostgres();
      const store = outlivingStore();
      // It began first, and waits while the other one, with newer settings, makes the state anew.
      let letIn = (): void => undefined;
      const waiting = new Promise<void>((resolve) => {
        letIn = resolve;
      });
      const late = new FaultyStore(store.inner, (point) => (point === 'open' ? waiting : undefined), 'external');
      await using old = givenPipeline(server, { store: late });
      await pause(20);
      const newer = givenPipeline(server, { store, settings: NARROW });
      await newer.streaming();
      await newer.stop();
      letIn();
      await old.streaming();
      expect(old.told.lines).toContainEqual(expect.stringContaining('served as it is until this process consumes'));
      expect(old.told.lines).toContainEqual(expect.stringMatching(/goes on under them, and is seeded anew .* 600 s/));
      server.commit([spend()]);
      await old.caughtUp();
      server.slot = null;
      old.upstream.breakOff();
      await old.streaming(2);
      expect(old.state.settings).toEqual(NARROW);
      expect([...old.state.counters('seeds')].map(({ labels }) => labels[0]).sort()).toEqual(['first', 'slot_absent']);
    });

    it('one that began before seeds anew once the stored ones have been in force for ten minutes', async () => {
      const server = new FakePostgres();
      const store = outlivingStore();
      let letIn = (): void => undefined;
      const waiting = new Promise<void>((resolve) => {
        letIn = resolve;
      });
      const late = new FaultyStore(store.inner, (point) => (point === 'open' ? waiting : undefined), 'external');
      await using old = givenPipeline(server, { store: late, updateInterval: 20 });
      await pause(20);
      const newer = givenPipeline(server, { store, settings: NARROW });
      await newer.streaming();
      await newer.stop();
      letIn();
      await old.streaming();
      expect(old.state.settings).toEqual(NARROW);
      server.clockAhead = HOUR;
      await awaitUntil(() => old.state.settings.windows.spend === SETTINGS.windows.spend);
      expect(counted(old.state, 'seeds', 'settings_changed')).toBe(1);
    });
  });
});
