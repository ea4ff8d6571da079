import { ExporterFailure, type FailureKind, lsnOf } from '@app/change';
import { SelfMetrics } from '@app/metrics';
import { describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { FakeState } from '../../../../test/support/fake-state.js';
import { outlivingStore } from '../../../../test/support/faulty-store.js';
import { StatusBoard } from '../report/status-board.js';
import { mayServeStale, NewestState } from './newest-state.js';
import { statusReport } from './status-page.js';

const MINUTE = 60_000;
const SOURCE = { systemId: '7', timeline: 1, database: 'litellm', schema: 'public', spendLogsOid: 1 };
const CHECKPOINT = { source: SOURCE, slot: 's', plugin: 'pgoutput' as const, next: lsnOf(1n), commitTime: 0 };

/** A store that holds a state of the given age, and fails to be read while it is told to. */
function given(age: number, maxStaleness: number) {
  const state = new FakeState({ clock: Date.now() - age });
  const store = outlivingStore();
  let failure: Error | null = null;
  jest.spyOn(store, 'state', 'get').mockReturnValue(state);
  jest.spyOn(store, 'refresh').mockImplementation(async () => {
    if (failure !== null) throw failure;
  });
  const metrics = new SelfMetrics({ version: '1', revision: 'r' });
  const board = new StatusBoard();
  jest.spyOn(store, 'checkpoint', 'get').mockReturnValue(CHECKPOINT);
  board.source(CHECKPOINT.source);
  const newest = new NewestState(store, metrics, board, maxStaleness);
  return {
    state,
    newest,
    board,
    store,
    metrics,
    fail: (kind: FailureKind | 'inside' | null): void => {
      if (kind === null) failure = null;
      else
        failure = kind === 'inside' ? new TypeError('of the inside') : new ExporterFailure({ kind, message: 'away' });
    },
    shown: async (name: string): Promise<number | undefined> => {
      const metric = (await metrics.read()).find((one) => one.name === `litellm_exporter_${name}`);
      return metric?.samples.find(({ labels }) => (labels.dependency ?? 'redis') === 'redis')?.value;
    },
  };
}

describe('the state that a scrape shows', () => {
  jest.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
  jest.spyOn(Logger.prototype, 'log').mockReturnValue(undefined);
  jest.spyOn(Logger.prototype, 'error').mockReturnValue(undefined);

  it.each(['store-unavailable', 'store-refused', 'store-format'] as const)(
    'W7: is none at once on %s',
    async (kind) => {
      const { newest, state, fail, shown } = given(0, 0);
      expect(await newest.read()).toBe(state);
      fail(kind);
      expect(await newest.read()).toBeNull();
      expect(await shown('up')).toBe(0);
      fail(null);
      expect(await newest.read()).toBe(state);
      expect(await shown('up')).toBe(1);
    },
  );

  it('tells that a shared store answers from the first look on', async () => {
    const { newest, shown } = given(0, 0);
    await newest.read();
    expect(await shown('up')).toBe(1);
  });

  it('STATE_MAX_STALENESS: is the last one up to its age, which is told', async () => {
    const { newest, state, fail, shown } = given(2 * MINUTE, 3 * MINUTE);
    fail('store-unavailable');
    expect(await newest.read()).toBe(state);
    const age = await shown('state_age_seconds');
    expect(age).toBeGreaterThanOrEqual(120);
    expect(age).toBeLessThan(150);
    const older = given(4 * MINUTE, 3 * MINUTE);
    older.fail('store-unavailable');
    expect(await older.newest.read()).toBeNull();
  });

  it('STATE_MAX_STALENESS: is none where a newer version has stored another', async () => {
    const { newest, fail } = given(0, MINUTE);
    fail('store-format');
    expect(await newest.read()).toBeNull();
  });

  it.each([
    ['system', { systemId: '8' }],
    ['database', { database: 'other' }],
    ['schema', { schema: 'other' }],
  ])('W5: is none where it belongs to another %s, which readiness and status page say too', async (_, other) => {
    const { newest, board, store, state, fail, shown } = given(0, MINUTE);
    expect(await newest.read()).toBe(state);
    expect(await shown('ready')).toBe(1);
    board.source({ ...SOURCE, ...other });
    expect(await newest.read()).toBeNull();
    expect(await shown('ready')).toBe(0);
    fail('store-unavailable');
    expect(await newest.read()).toBeNull();
    fail(null);
    const report = statusReport(board, store, { now: Date.now(), outdated: await newest.look() });
    expect(report).toMatchObject({ failure: expect.stringMatching(/belongs to/), checkpoint: null, state: null });
    board.source(null);
    expect(await newest.read()).toBeNull();
    board.source(SOURCE);
    expect(await newest.read()).toBe(state);
    expect(await shown('ready')).toBe(1);
  });

  it('W5: is none until PostgreSQL was asked for the first time; one that does not answer, or does not tell, changes nothing', async () => {
    const { newest, state, store, metrics } = given(0, 0);
    const board = new StatusBoard();
    const fresh = new NewestState(store, metrics, board, 0);
    expect(await fresh.read()).toBeNull();
    board.source(null);
    expect(await fresh.read()).toBe(state);
    board.source({ ...SOURCE, systemId: null });
    expect(await fresh.read()).toBe(state);
    expect(await newest.read()).toBe(state);
  });

  it('is looked at by who asks for the process alone: readiness, age and store are told as a scrape tells them', async () => {
    const { newest, fail, shown } = given(2 * MINUTE, 0);
    expect([await shown('ready'), await shown('state_age_seconds')]).toEqual([0, 0]);
    expect(await newest.look()).toBeNull();
    expect([await shown('ready'), await shown('up')]).toEqual([1, 1]);
    expect(await shown('state_age_seconds')).toBeGreaterThanOrEqual(120);
    fail('store-unavailable');
    expect(await newest.look()).toMatch(/^the stored state may be newer .* away/);
    expect(await shown('up')).toBe(0);
    fail('inside');
    expect(await newest.look()).toMatch(/the log says what$/);
    fail(null);
    expect(await newest.look()).toBeNull();
  });

  it('is waited for in vain by nobody: a look at a store that does not answer ends, and the status page says so', async () => {
    const { newest, store, board } = given(0, 0);
    jest.spyOn(store, 'refresh').mockReturnValue(new Promise<void>(() => undefined));
    const outdated = await newest.look();
    expect(outdated).toMatch(/not read within 2 s/);
    const report = statusReport(board, store, { now: Date.now(), outdated });
    expect(report).toMatchObject({ failure: outdated, state: { version: expect.any(Number) } });
  });

  it('is not read twice at the start, while the store is being opened', async () => {
    const { newest, store } = given(0, 0);
    jest.spyOn(store, 'state', 'get').mockReturnValue(null);
    const refresh = jest.spyOn(store, 'refresh');
    expect(await newest.look()).toBeNull();
    expect(refresh).not.toHaveBeenCalled();
  });

  it('an error of this program is no missing store', async () => {
    const { newest, fail } = given(0, MINUTE);
    fail('inside');
    await expect(newest.read()).rejects.toThrow('of the inside');
  });

  it.each([
    [0, 0, false],
    [1, 1, true],
    [2, 1, false],
  ])('an age of %d ms against %d ms: %s', (age, most, may) => {
    expect(mayServeStale(age, most)).toBe(may);
  });
});
