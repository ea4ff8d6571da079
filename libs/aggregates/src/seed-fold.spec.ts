import type { SpendFact } from '@app/litellm';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { update } from '../../../test/support/fake-postgres.js';
import { key, team, user } from '../../../test/support/fake-state.js';
import { counted, read, spend } from '../../../test/support/given-pipeline.js';
import { at, endOfSeed, iso, oldState, SEED_TIMES, seeding, takeRows } from '../../../test/support/given-seed.js';
import { GivenSteps } from '../../../test/support/given-steps.js';
import { emptyRecord } from './record.js';
import type { AggregateState } from './state.js';

const { HOUR, DAY, NOW } = SEED_TIMES;

describe('a seed', () => {
  it('W6: rows count with their slice, and those of a slice that is lost come again', () => {
    const fold = seeding();
    takeRows(fold, [at(NOW), at(NOW)]);
    expect([...fold.state.series('spend_by_model')]).toEqual([]);
    fold.sliceLost();
    takeRows(fold, [at(NOW)]);
    fold.rejected('spend_not_finite', 2);
    fold.sliceDone();
    takeRows(fold, [at(NOW), at(NOW), at(NOW)]);
    fold.rejected('spend_not_finite', 5);
    const state = endOfSeed(fold, NOW);
    expect(read(state, 'spend_by_model', 'gpt-5')?.rows).toBe(1);
    expect(counted(state, 'seed_rows')).toBe(1);
    expect(counted(state, 'rows_rejected', 'spend_not_finite')).toBe(2);
  });

  it('W8: however rows are sliced, and whatever is lost on the way, the state is that of all rows', () => {
    const row = fc.record({ age: fc.nat(40 * 24), nano: fc.nat(1e12), model: fc.constantFrom('a', 'b') });
    const slice = fc.record({ rows: fc.array(row, { maxLength: 10 }), lost: fc.nat(2) });
    fc.assert(
      fc.property(fc.array(slice, { maxLength: 6 }), (slices) => {
        const facts = (rows: (typeof slices)[number]['rows']): SpendFact[] =>
          rows.map(({ age, nano, model }) => at(NOW - age * HOUR, { spend: nano * 1e-9, model }));
        const whole = seeding();
        takeRows(
          whole,
          slices.flatMap(({ rows }) => facts(rows)),
        );
        whole.sliceDone();
        const sliced = seeding();
        for (const { rows, lost } of slices) {
          for (let time = 0; time < lost; time++) {
            takeRows(sliced, facts(rows.slice(0, 5)));
            sliced.sliceLost();
          }
          takeRows(sliced, facts(rows));
          sliced.sliceDone();
        }
        const rows = (state: AggregateState): unknown =>
          (['requests', 'spend_by_key', 'model_group'] as const).map((kind) =>
            [...state.series(kind)].map((series) => [series.key, series.rows]),
          );
        expect(rows(sliced.state)).toEqual(rows(whole.state));
        for (const model of ['a', 'b']) {
          const one = read(sliced.state, 'spend_by_model', model);
          const other = read(whole.state, 'spend_by_model', model);
          expect(one?.rows).toBe(other?.rows);
          expect(one?.sum ?? 0).toBeCloseTo(other?.sum ?? 0, 9);
        }
      }),
    );
  });

  it('entities that feed no family are not kept, and what is absent is told', () => {
    const fold = seeding();
    fold.entities([team('t'), user('u')]);
    fold.entities([{ table: 'end_user', userId: 'e', alias: '', spend: 1, budgetId: '', blocked: false }]);
    fold.present({ project: false, team: true });
    const { entities } = endOfSeed(fold, null);
    expect([entities.count('team'), entities.count('user'), entities.count('end_user')]).toEqual([1, 1, 0]);
    expect([entities.present('project'), entities.present('team')]).toEqual([false, true]);
  });

  it('counters of a first state start at 0, not at the count of the window', () => {
    const fold = seeding();
    fold.entities([team('t', { teamAlias: 'one' }), key('key-1', { keyName: 'sk-1' })]);
    takeRows(fold, [at(NOW - 1_000), at(NOW - 2_000)]);
    fold.sliceDone();
    const state = endOfSeed(fold, NOW - 2_000);
    expect([...state.counters('requests_processed')]).toEqual([]);
    expect([...state.counters('key_spend_usd')]).toEqual([]);
    expect([...state.histograms('request_duration')]).toEqual([]);
    expect(counted(state, 'seeds', 'first')).toBe(1);
  });

  describe('in place of an old state', () => {
    it('counters go on from the old value, plus the rows that ended after the last applied commit', () => {
      const old = oldState(3 * HOUR, 2 * HOUR);
      const fold = seeding({ before: old.state, lastCommitTime: NOW - 2 * HOUR });
      fold.entities([team('team-1', { teamAlias: 'one' }), key('key-1', { keyName: 'sk-1' })]);
      takeRows(fold, [at(NOW - 3 * HOUR), at(NOW - 2 * HOUR), at(NOW - HOUR), at(NOW - 25 * HOUR)]);
      fold.sliceDone();
      const state = endOfSeed(fold, NOW - 25 * HOUR, true);
      expect(counted(state, 'requests_processed', 'gpt-5', 'success')).toBe(3);
      expect(counted(state, 'team_spend_usd', 'team-1', 'one')).toBe(3);
      expect(counted(state, 'key_spend_usd', 'sk-1', 'none')).toBe(3);
      expect(read(state, 'spend_by_model', 'gpt-5')?.rows).toBe(4);
    });

    it('counters grow by rows that ended after the last commit of rows, though entities were committed since', () => {
      const old = oldState(3 * HOUR);
      old.state.apply({ ...emptyRecord(old.state.version, NOW), figures: { counted_until: NOW - 2 * HOUR } });
      const fold = seeding({ before: old.state, lastCommitTime: NOW - 60_000 });
      takeRows(fold, [at(NOW - 3 * HOUR), at(NOW - 2 * HOUR), at(NOW - HOUR)]);
      fold.sliceDone();
      const state = endOfSeed(fold, NOW - 3 * HOUR, true);
      expect(counted(state, 'requests_processed', 'gpt-5', 'success')).toBe(2);
      // What this seed has counted, the next does not count again.
      const next = seeding({ before: state, lastCommitTime: NOW - 60_000 });
      takeRows(next, [at(NOW - 3 * HOUR), at(NOW - HOUR)]);
      next.sliceDone();
      expect(counted(endOfSeed(next, NOW - 3 * HOUR, true), 'requests_processed', 'gpt-5', 'success')).toBe(2);
    });

    it('series of labels that nobody bears any more end, those of others go on', () => {
      const old = oldState(HOUR);
      const fold = seeding({ before: old.state, lastCommitTime: NOW });
      fold.entities([team('team-1', { teamAlias: 'renamed meanwhile' })]);
      const state = endOfSeed(fold, null, true);
      expect([...state.counters('team_spend_usd')]).toEqual([]);
      expect([...state.counters('key_spend_usd')]).toEqual([]);
      expect(counted(state, 'spend_usd', 'gpt-5')).toBe(1);
    });

    it('buckets that lie wholly before the table\u2019s oldest row are kept, with state outside of the process alone', () => {
      const old = oldState(29 * DAY, 20 * DAY, 10 * DAY, HOUR);
      const oldest = NOW - 15 * DAY;
      const rows = [at(oldest), at(NOW - 10 * DAY), at(NOW - HOUR)];
      for (const [keepBefore, expected] of [
        [true, 5],
        [false, 3],
      ] as const) {
        const fold = seeding({ before: old.state, lastCommitTime: NOW - HOUR });
        takeRows(fold, rows);
        fold.sliceDone();
        const state = endOfSeed(fold, oldest, keepBefore);
        expect(read(state, 'spend_by_model', 'gpt-5')?.rows).toBe(expected);
        expect(read(state, 'spend_by_key', 'key-1')?.rows).toBe(expected);
      }
    });

    it('a bucket that the oldest row lies in is what the table says of it', () => {
      const old = oldState(10 * DAY, 10 * DAY + 1);
      const bucket = Math.floor((NOW - 10 * DAY) / (6 * HOUR)) * 6 * HOUR;
      const counts = (oldest: number): number => {
        const fold = seeding({ before: old.state, lastCommitTime: NOW });
        takeRows(fold, [at(oldest)]);
        fold.sliceDone();
        return read(endOfSeed(fold, oldest, true), 'spend_by_model', 'gpt-5')?.rows ?? 0;
      };
      expect(counts(bucket + 6 * HOUR - 1)).toBe(1);
      expect(counts(bucket + 6 * HOUR)).toBe(3);
    });

    it('an emptied table leaves all that the old state has in its windows, the present bucket too', () => {
      const old = oldState(31 * DAY, 10 * DAY, 60_000);
      const state = endOfSeed(seeding({ before: old.state, lastCommitTime: NOW }), null, true);
      expect(read(state, 'spend_by_model', 'gpt-5')?.rows).toBe(2);
      expect(read(state, 'requests', 'gpt-5', 'success')?.rows).toBe(1);
    });

    it('what was kept leaves with its time', () => {
      const old = oldState(20 * DAY);
      const state = endOfSeed(seeding({ before: old.state, lastCommitTime: NOW }), NOW, true);
      const steps = new GivenSteps({}, NOW);
      for (const record of state.dump(10)) steps.state.apply(record);
      steps.tick(11 * DAY);
      expect([...steps.state.series('spend_by_model')]).toEqual([]);
    });

    it('replaced tokens outlive the seed: rows of the old token are the new key\u2019s', () => {
      const old = oldState();
      old.step([update('key', { token: 'new', key_name: 'sk-2' }, { token: 'key-1' })]);
      const fold = seeding({ before: old.state, lastCommitTime: NOW });
      fold.entities([key('new', { keyName: 'sk-2' })]);
      expect(endOfSeed(fold, null).entities.keyOfToken('key-1')?.token).toBe('new');
    });

    it('tokens that LiteLLM says were replaced lead to their key', () => {
      const fold = seeding();
      fold.entities([key('new'), { table: 'deprecated_key', id: '1', token: 'old', activeTokenId: 'new' }]);
      expect(endOfSeed(fold, null).entities.keyOfToken('old')?.token).toBe('new');
    });

    it('W7: version and clock go on, though the old state went on during the seed', () => {
      const old = oldState(HOUR);
      const fold = seeding({ before: old.state, lastCommitTime: NOW });
      for (let tick = 0; tick < 500; tick++) old.tick(10_000);
      const state = endOfSeed(fold, null);
      expect(state.version).toBeGreaterThan(old.state.version);
      expect(state.clock).toBe(old.state.clock);
    });

    it('rows of history are counted from the seed on: it has taken the table as it is', () => {
      const old = oldState();
      const backfill = iso(NOW - 50 * HOUR);
      old.now = NOW;
      old.step([spend({ startTime: backfill, endTime: backfill })]);
      const state = endOfSeed(seeding({ before: old.state, lastCommitTime: NOW }), null);
      expect(counted(state, 'rows_history')).toBe(1);
      expect(state.figure('history_at_seed')).toBe(1);
    });
  });

  it('says how far back the state reaches', () => {
    const covered = (oldest: number | null): number => endOfSeed(seeding(), oldest).window('S').covered;
    expect(covered(NOW - 60 * DAY)).toBe(30 * DAY);
    expect(covered(NOW - 2 * DAY)).toBe(2 * DAY);
    expect(covered(null)).toBe(0);
  });
});
