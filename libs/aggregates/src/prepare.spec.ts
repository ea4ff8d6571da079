import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { insert } from '../../../test/support/fake-postgres.js';
import { read, spend } from '../../../test/support/given-pipeline.js';
import { GivenSteps } from '../../../test/support/given-steps.js';
import { BucketTable } from './bucket-table.js';
import { CounterTable } from './counter-table.js';
import { EntityState } from './entity-state.js';
import { SeriesTable } from './series-table.js';

const HOUR = 3_600_000;

/** Watches everything that walks through all there is of something. */
function walks(): () => string[] {
  const spies = [
    jest.spyOn(SeriesTable.prototype, 'names'),
    jest.spyOn(SeriesTable.prototype, 'series'),
    jest.spyOn(SeriesTable.prototype, 'pairValues'),
    jest.spyOn(BucketTable.prototype, 'entries'),
    jest.spyOn(CounterTable.prototype, 'counters'),
    jest.spyOn(CounterTable.prototype, 'counterValues'),
    jest.spyOn(EntityState.prototype, 'all'),
  ] as const;
  return () => spies.filter((spy) => spy.mock.calls.length > 0).map((spy) => spy.getMockName());
}

/** A state with series, entities and counters of some number. */
function given(): GivenSteps {
  const steps = new GivenSteps();
  steps.step(
    Array.from({ length: 300 }, (_, one) => insert('key', { token: `k${one}`, key_name: `sk-${one}`, spend: 0 })),
    Array.from({ length: 300 }, (_, one) => spend({ api_key: `k${one}`, model: `m${one % 20}`, user: `u${one}` })),
  );
  return steps;
}

afterEach(() => {
  jest.restoreAllMocks();
});

describe('the preparation of a step', () => {
  it('a tick walks through nothing while no bucket leaves', () => {
    const steps = given();
    steps.now = Math.ceil(steps.now / 1_000) * 1_000;
    steps.tick();
    const walked = walks();
    const record = steps.tick(999);
    expect(walked()).toEqual([]);
    expect(record).toMatchObject({ defined: [], pairs: {}, dropped: [], counters: [], entities: [] });
  });

  it('a step costs by what it touches: the series, counters and entities of its rows', () => {
    const steps = given();
    steps.now = Math.ceil(steps.now / 1_000) * 1_000;
    steps.step([spend({ user: 'nobody knows' })]);
    const walked = walks();
    const record = steps.step([spend({ api_key: 'k7', model: 'm3', user: 'somebody new' })]);
    expect(walked()).toEqual([]);
    expect(Object.values(record.pairs).flat().length).toBeLessThanOrEqual(13);
    expect(record.counters.length).toBeLessThan(10);
  });

  it('nor does it look through all series again each minute, while there is room for unknown ids', () => {
    const steps = given();
    const walked = walks();
    steps.tick(30 * 60_000);
    walked();
    jest.restoreAllMocks();
    const names = jest.spyOn(SeriesTable.prototype, 'names');
    steps.step([spend({ user: 'somebody new', api_key: 'new' })]);
    steps.tick(2 * 60_000);
    steps.step([spend({ user: 'and another', api_key: 'newer' })]);
    expect(names).not.toHaveBeenCalled();
  });

  it('changes nothing before its record is applied', () => {
    const steps = given();
    const before = JSON.stringify([...steps.state.dump(1_000)]);
    const { state } = steps;
    const apply = jest.spyOn(state, 'apply').mockReturnValue(undefined);
    steps.step([spend(), insert('team', { team_id: 't' })]);
    steps.tick(40 * 24 * HOUR);
    apply.mockRestore();
    expect(JSON.stringify([...state.dump(1_000)])).toBe(before);
  });

  it('the state\u2019s clock never goes back', () => {
    const steps = given();
    const clock = steps.state.clock;
    steps.now -= HOUR;
    expect(steps.tick().clock).toBe(clock);
    expect(steps.state.clock).toBe(clock);
  });

  it('a series that loses its last bucket while it gains a row lives on', () => {
    const steps = new GivenSteps();
    const at = (time: number) => new Date(time).toISOString();
    steps.step([spend({ startTime: at(steps.now), endTime: at(steps.now) })]);
    const id = [...steps.state.series('requests')][0]?.id;
    steps.now += 25 * HOUR;
    steps.fold.moveClock(steps.now);
    const record = steps.step([spend({ startTime: at(steps.now), endTime: at(steps.now) })]);
    expect(record.dropped).not.toContain(id);
    expect([...steps.state.series('requests')].map((series) => [series.id, series.rows])).toEqual([[id, 1]]);
  });

  it('W9: a series without rows is gone, and its id is never used again', () => {
    const steps = given();
    const last = steps.state.lastId;
    steps.tick(40 * 24 * HOUR);
    expect([...steps.state.series('spend_by_key')]).toEqual([]);
    expect(steps.state.table('spend_by_key').size).toBe(0);
    expect(steps.state.table('spend_by_key').pairs).toBe(0);
    const time = new Date(steps.now).toISOString();
    steps.step([spend({ startTime: time, endTime: time })]);
    for (const { id } of steps.state.series('spend_by_key')) expect(id).toBeGreaterThan(last);
    expect(read(steps.state, 'spend_by_key', 'key-1')?.rows).toBe(1);
  });
});
