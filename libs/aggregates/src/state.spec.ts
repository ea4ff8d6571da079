import type { SpendFact } from '@app/litellm';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Delta } from './delta.js';
import { EntityLayer } from './entity-layer.js';
import { type SpendById, SpendFold } from './fold.js';
import { inOneTurn } from './in-turns.js';
import { StepPreparation } from './prepare.js';
import type { StateRecord } from './record.js';
import type { AggregateSettings } from './settings.js';
import { AggregateState, ALL_SERIES_KINDS } from './state.js';
import { attributeByAlias } from './transaction-fold.js';
import { SERIES_KINDS, type SeriesKind } from './view.js';
import { bucketOf, edgeOf } from './windows.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SETTINGS: AggregateSettings = {
  windows: { spend: 2 * HOUR, request: HOUR, error: 10 * MINUTE },
  durationBuckets: [0.5, 1],
  ttftBuckets: [0.1],
  tagExclude: /^User-Agent: /,
  rowMaxAge: 24 * HOUR,
  maxSeries: 0,
};
const START = 1_700_000_000_000;

interface Arrival {
  readonly after: number;
  readonly facts: readonly SpendFact[];
}

const text = fc.constantFrom('', 'a', 'b', 'ß💥', 'x"\n');
const fact: fc.Arbitrary<SpendFact> = fc.record({
  requestId: fc.constant('r'),
  startTime: fc.integer({ min: START - 3 * HOUR, max: START + 30 * MINUTE }),
  endTime: fc.integer({ min: START - HOUR, max: START + 30 * MINUTE }),
  completionStartTime: fc.constant(null),
  durationMs: fc.constantFrom(null, 0, 400, 2000),
  apiKey: text,
  user: text,
  teamId: text,
  organizationId: text,
  model: fc.constantFrom('m1', 'm2', 'unknown'),
  modelId: text,
  modelGroup: text,
  provider: text,
  spend: fc.integer({ min: -1e9, max: 1e11 }).map((nano) => nano * 1e-9),
  totalTokens: fc.nat(1000),
  promptTokens: fc.nat(1000),
  completionTokens: fc.nat(1000),
  status: fc.constantFrom('success' as const, 'failure' as const),
  errorType: fc.constantFrom('unknown', 'RateLimitError'),
  cache: fc.constantFrom('hit' as const, 'miss' as const, 'none' as const),
  tags: fc.uniqueArray(fc.constantFrom('t1', 't2', 'User-Agent: x/1'), { maxLength: 3 }),
});
const arrivals: fc.Arbitrary<Arrival[]> = fc.array(
  fc.record({ after: fc.integer({ min: 0, max: 40 * MINUTE }), facts: fc.array(fact, { maxLength: 12 }) }),
  { minLength: 1, maxLength: 8 },
);

/** Runs arrivals through fold, preparation and state, and returns the records. */
function run(all: readonly Arrival[], state: AggregateState): { records: StateRecord[]; now: number } {
  const fold = new SpendFold(SETTINGS);
  const preparation = new StepPreparation(state);
  const records: StateRecord[] = [];
  let now = START;
  for (const { after, facts } of all) {
    now += after;
    fold.moveClock(now);
    const delta = new Delta();
    const byId: SpendById = { teams: new Map(), keys: new Map() };
    for (const one of facts) fold.add(delta, byId, one, { from: 'stream', commitTime: now });
    const entities = new EntityLayer(state.entities);
    inOneTurn(attributeByAlias(delta, byId, entities));
    const record = preparation.prepare({ delta, entities, clock: now });
    state.apply(record);
    records.push(record);
  }
  return { records, now };
}

/** One kind of series, counted anew from all rows: what W8 demands. */
function recount(kind: SeriesKind, all: readonly Arrival[], end: number): Map<string, { rows: number; sum: number }> {
  const spec = new AggregateState(SETTINGS).specs[SERIES_KINDS[kind].window];
  const edge = edgeOf(spec, end);
  const counted = new Map<string, { rows: number; sum: number }>();
  let now = START;
  for (const { after, facts } of all) {
    now += after;
    for (const one of facts) {
      if (now - one.endTime > SETTINGS.rowMaxAge) continue;
      const time = SERIES_KINDS[kind].window === 'M' ? now : one.startTime;
      if (bucketOf(spec, time) < edge) continue;
      for (const [key, sum] of contributions(kind, one)) {
        const entry = counted.get(key.join('|')) ?? { rows: 0, sum: 0 };
        counted.set(key.join('|'), { rows: entry.rows + 1, sum: entry.sum + sum });
      }
    }
  }
  return counted;
}

function contributions(kind: SeriesKind, one: SpendFact): [string[], number][] {
  const owned = one.teamId !== '' || one.organizationId !== '';
  switch (kind) {
    case 'spend_by_model':
      return [[[one.model], one.spend]];
    case 'spend_by_user':
      return one.user === '' ? [] : [[[one.user, one.model], one.spend]];
    case 'spend_by_team':
      return owned ? [[[one.teamId, one.organizationId, one.model], one.spend]] : [];
    case 'spend_by_tag':
      return one.tags.filter((tag) => !tag.startsWith('User-Agent: ')).map((tag) => [[tag], one.spend]);
    case 'spend_by_key':
      return [[[one.apiKey], one.spend]];
    case 'traffic_model':
      return one.status === 'success' ? [[[one.modelId, one.modelGroup, one.model, one.provider], 0]] : [];
    case 'model_group':
      return one.modelGroup === '' ? [] : [[[one.modelGroup], 0]];
    case 'requests':
      return [[[one.model, one.status], 0]];
    case 'cache':
      return one.cache === 'none' ? [] : [[[one.model, one.cache], 0]];
    case 'errors':
      return one.status === 'failure' ? [[[one.model, one.errorType], 0]] : [];
    case 'rate_by_user':
      return one.user === '' ? [] : [[[one.user, one.model], one.totalTokens]];
    case 'rate_by_team':
      return owned ? [[[one.teamId, one.organizationId, one.model], one.totalTokens]] : [];
    case 'rate_by_key':
      return [[[one.apiKey, one.model], one.totalTokens]];
  }
}

/** Sums to the contract's nano-dollar: which buckets were added first may tell in the last bit. */
function shown(state: AggregateState): Map<string, { rows: number; sum: string }> {
  const all = new Map<string, { rows: number; sum: string }>();
  for (const kind of ALL_SERIES_KINDS) {
    for (const series of state.series(kind)) {
      all.set(`${kind}: ${series.key.join('|')}`, { rows: series.rows, sum: (series.sum(0) + 0).toFixed(10) });
    }
  }
  return new Map([...all].sort(([a], [b]) => a.localeCompare(b)));
}

describe('the state of aggregates', () => {
  it('W8: at any time every windowed series equals a recount of the rows', () => {
    fc.assert(
      fc.property(arrivals, (all) => {
        const state = new AggregateState(SETTINGS);
        const { now } = run(all, state);
        for (const kind of ALL_SERIES_KINDS) {
          const expected = recount(kind, all, now);
          const actual = new Map([...state.series(kind)].map((one) => [one.key.join('|'), one]));
          expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort());
          for (const [key, { rows, sum }] of expected) {
            expect(actual.get(key)?.rows).toBe(rows);
            expect(Math.abs((actual.get(key)?.sum(0) ?? 0) - sum)).toBeLessThanOrEqual(
              1e-9 * Math.max(1, Math.abs(sum)),
            );
          }
        }
      }),
    );
  });

  it('a record may be applied again: the state stays as it is', () => {
    fc.assert(
      fc.property(arrivals, (all) => {
        const state = new AggregateState(SETTINGS);
        const { records } = run(all, state);
        const twice = new AggregateState(SETTINGS);
        for (const record of records) {
          twice.apply(record);
          twice.apply(record);
        }
        expect(shown(twice)).toEqual(shown(state));
      }),
    );
  });

  it('a dump rebuilds the state in an empty one, and later records go on from there', () => {
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 7 }), fc.nat(7), (all, items, cut) => {
        const whole = new AggregateState(SETTINGS);
        const { records } = run(all, whole);
        const before = new AggregateState(SETTINGS);
        const first = records.slice(0, Math.max(1, cut));
        for (const record of first) before.apply(record);
        const restored = new AggregateState(SETTINGS);
        for (const record of before.dump(items)) restored.apply(record);
        for (const record of records.slice(first.length)) restored.apply(record);
        expect(shown(restored)).toEqual(shown(whole));
        expect([...restored.counters('spend_usd')]).toEqual([...whole.counters('spend_usd')]);
        expect([...restored.histograms('request_duration')]).toEqual([...whole.histograms('request_duration')]);
        expect(restored.version).toBe(whole.version);
      }),
    );
  });

  it('records applied over a base that has later parts already give the same state', () => {
    fc.assert(
      fc.property(arrivals, (all) => {
        const whole = new AggregateState(SETTINGS);
        const { records } = run(all, whole);
        const fuzzy = new AggregateState(SETTINGS);
        const [first, ...rest] = records;
        if (first === undefined) return;
        for (const record of rest) {
          fuzzy.apply({ ...record, version: first.version, clock: first.clock, dropped: [] });
        }
        for (const record of records) fuzzy.apply(record);
        expect(shown(fuzzy)).toEqual(shown(whole));
      }),
    );
  });

  it('a bucket leaves within a second of its time though no row arrives', () => {
    const state = new AggregateState(SETTINGS);
    const one = fc.sample(fact, 1)[0] as SpendFact;
    const row = { ...one, startTime: START, endTime: START, status: 'failure' as const };
    run([{ after: 0, facts: [row] }], state);
    expect([...state.series('errors')]).toHaveLength(1);
    const preparation = new StepPreparation(state);
    const leavesAt = bucketOf(state.specs.E, START) + state.specs.E.bucket + state.specs.E.length;
    const tick = (clock: number): void =>
      state.apply(preparation.prepare({ delta: new Delta(), entities: new EntityLayer(state.entities), clock }));
    tick(leavesAt - 1);
    expect([...state.series('errors')]).toHaveLength(1);
    tick(leavesAt);
    expect([...state.series('errors')]).toHaveLength(0);
    expect(state.table('errors').size).toBe(0);
  });

  it('W6: who holds the state is waited for', async () => {
    const state = new AggregateState(SETTINGS);
    const release = state.hold();
    let freed = false;
    const free = state.free().then(() => {
      freed = true;
    });
    await Promise.resolve();
    expect(freed).toBe(false);
    release();
    release();
    await free;
    expect(freed).toBe(true);
  });
});
