import type { SpendFact } from '@app/litellm';
import { describe, expect, it } from '@jest/globals';
import { fact } from '../../../test/support/given-fact.js';
import { SETTINGS } from '../../../test/support/given-pipeline.js';
import { Delta } from './delta.js';
import { type FoldOrigin, type SpendById, SpendFold } from './fold.js';
import { type CounterKind, SERIES_KINDS, type SeriesKind } from './view.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = 1_790_000_000_000;
const STREAM: FoldOrigin = { from: 'stream', commitTime: NOW };

interface Folded {
  readonly delta: Delta;
  readonly byId: SpendById;
}

function folded(facts: readonly SpendFact[], origin: FoldOrigin = STREAM): Folded {
  const fold = new SpendFold(SETTINGS);
  fold.moveClock(NOW);
  const delta = new Delta();
  const byId: SpendById = { teams: new Map(), keys: new Map() };
  for (const one of facts) fold.add(delta, byId, one, origin);
  return { delta, byId };
}

function of(facts: Partial<SpendFact>): SpendFact {
  return fact(facts, NOW);
}

/** The series of a kind: rows and rounded sums by key, over all buckets. */
function series({ delta }: Folded, kind: SeriesKind): Record<string, number[]> {
  const sums = SERIES_KINDS[kind].sums.length;
  const all: Record<string, number[]> = {};
  for (const bucket of delta.series[kind]?.values() ?? []) {
    for (const [text, values] of bucket) {
      const name = text.replaceAll('\u0000', '|');
      const total = all[name] ?? new Array<number>(1 + sums).fill(0);
      for (let place = 0; place <= sums; place++) {
        total[place] = (total[place] as number) + (values[place === 0 ? 0 : 2 * place - 1] as number);
      }
      all[name] = total;
    }
  }
  return all;
}

function counters({ delta }: Folded, kind: CounterKind): Record<string, number> {
  const entries = [...(delta.counters[kind]?.values() ?? [])];
  return Object.fromEntries(entries.map(({ labels, value }) => [labels.join('|'), value[0]]));
}

describe('the fold of spend-log rows', () => {
  it('litellm_total_spend and tokens: sums by model', () => {
    const one = folded([of({ spend: 2 }), of({ spend: 0.5, totalTokens: 10 }), of({ model: 'unknown', spend: 4 })]);
    expect(series(one, 'spend_by_model')).toEqual({ 'gpt-5': [2, 2.5, 13, 4, 2], unknown: [1, 4, 3, 2, 1] });
  });

  it('litellm_user_spend: by user and model, and not at all without a user', () => {
    const one = folded([of({ user: 'u' }), of({ user: '' })]);
    expect(series(one, 'spend_by_user')).toEqual({ 'u|gpt-5': [1, 1] });
    expect(series(one, 'rate_by_user')).toEqual({ 'u|gpt-5': [1, 3] });
  });

  it('litellm_team_spend and litellm_org_spend: a team, an organization of the row\u2019s own, both or neither', () => {
    const one = folded([
      of({ teamId: 't', organizationId: '' }),
      of({ teamId: '', organizationId: 'o' }),
      of({ teamId: 't', organizationId: 'o' }),
      of({ teamId: '', organizationId: '' }),
    ]);
    expect(Object.keys(series(one, 'spend_by_team')).sort()).toEqual(['t||gpt-5', 't|o|gpt-5', '|o|gpt-5'].sort());
    expect(Object.keys(series(one, 'rate_by_team'))).toHaveLength(3);
  });

  it('litellm_tag_spend: each tag once, without those that are excluded', () => {
    const one = folded([of({ tags: ['a', 'b', 'User-Agent: curl/8'], spend: 3 })]);
    expect(series(one, 'spend_by_tag')).toEqual({ a: [1, 3], b: [1, 3] });
  });

  it('litellm_key_spend: by key in 30 days, whatever the spend window', () => {
    const fold = new SpendFold({ ...SETTINGS, windows: { ...SETTINGS.windows, spend: HOUR } });
    fold.moveClock(NOW);
    const delta = new Delta();
    const old = of({ startTime: NOW - 29 * DAY, endTime: NOW, apiKey: 'k' });
    fold.add(delta, { teams: new Map(), keys: new Map() }, old, STREAM);
    expect([...(delta.series.spend_by_key?.values() ?? [])].flatMap((bucket) => [...bucket.keys()])).toEqual(['k']);
    expect(delta.series.spend_by_model).toBeUndefined();
  });

  it('litellm_requests_total and litellm_errors_total: by status, failures with their type', () => {
    const one = folded([
      of({}),
      of({ status: 'failure', errorType: 'RateLimitError' }),
      of({ status: 'failure', errorType: 'unknown' }),
    ]);
    expect(series(one, 'requests')).toEqual({ 'gpt-5|success': [1], 'gpt-5|failure': [2] });
    expect(series(one, 'errors')).toEqual({ 'gpt-5|RateLimitError': [1], 'gpt-5|unknown': [1] });
    expect(counters(one, 'request_errors')).toEqual({ 'gpt-5|RateLimitError': 1, 'gpt-5|unknown': 1 });
  });

  it('litellm_cache_hits_total and _misses_total: what is neither counts in neither', () => {
    const one = folded([of({ cache: 'hit' }), of({ cache: 'miss' }), of({ cache: 'miss' }), of({ cache: 'none' })]);
    expect(series(one, 'cache')).toEqual({ 'gpt-5|hit': [1], 'gpt-5|miss': [2] });
    expect(counters(one, 'request_cache')).toEqual({ 'gpt-5|hit': 1, 'gpt-5|miss': 2 });
  });

  it('litellm_tokens_processed_total: a hit of the cache repeats the usage, and is told apart', () => {
    const one = folded([of({ cache: 'hit' }), of({ cache: 'miss' }), of({ cache: 'none', promptTokens: -5 })]);
    expect(counters(one, 'tokens_processed')).toEqual({
      'gpt-5|prompt|true': 2,
      'gpt-5|completion|true': 1,
      'gpt-5|prompt|false': 2,
      'gpt-5|completion|false': 2,
    });
  });

  it('litellm_model_info: success rows alone; model groups of all rows', () => {
    const one = folded([
      of({}),
      of({ status: 'failure', modelId: 'other', modelGroup: 'failed' }),
      of({ modelGroup: '' }),
    ]);
    expect(series(one, 'traffic_model')).toEqual({
      'id-1|group-1|gpt-5|openai': [1],
      'id-1||gpt-5|openai': [1],
    });
    expect(series(one, 'model_group')).toEqual({ 'group-1': [1], failed: [1] });
  });

  it('a negative spend lowers the gauges, and adds 0 to the counters', () => {
    const one = folded([of({ spend: 5 }), of({ spend: -2 })]);
    expect(series(one, 'spend_by_model')['gpt-5']?.[1]).toBe(3);
    expect(counters(one, 'spend_usd')).toEqual({ 'gpt-5': 5 });
    expect([...one.byId.keys.values()].map(([high]) => high)).toEqual([5]);
    expect([...one.byId.teams.values()].map(([high]) => high)).toEqual([5]);
  });

  it('history changes nothing but its own counter; exactly ROW_MAX_AGE is no history', () => {
    const one = folded([of({ endTime: NOW - DAY - 1 }), of({ endTime: NOW - DAY, startTime: NOW - DAY })]);
    expect(counters(one, 'rows_history')).toEqual({ '': 1 });
    expect(counters(one, 'requests_processed')).toEqual({ 'gpt-5|success': 1 });
    expect(one.delta.rows).toBe(1);
  });

  it('a long request that ends now is no history, however long ago it began', () => {
    const one = folded([of({ startTime: NOW - 3 * DAY, endTime: NOW })]);
    expect(series(one, 'spend_by_model')['gpt-5']?.[0]).toBe(1);
    // Out of the window of requests, by its start; counters count it all the same.
    expect(series(one, 'requests')).toEqual({});
    expect(counters(one, 'requests_processed')).toEqual({ 'gpt-5|success': 1 });
  });

  it('the last minute is told by arrival: the commit in the stream, the end in a seed', () => {
    const late = of({ startTime: NOW - 10 * 60_000, endTime: NOW - 5 * 60_000 });
    expect(series(folded([late]), 'rate_by_key')).toEqual({ 'key-1|gpt-5': [1, 3] });
    const seed: FoldOrigin = { from: 'seed', snapshotTime: NOW, countersSince: null };
    expect(series(folded([late], seed), 'rate_by_key')).toEqual({});
    expect(series(folded([of({ endTime: NOW - 30_000 })], seed), 'rate_by_key')).toEqual({ 'key-1|gpt-5': [1, 3] });
  });

  it('a start in the future sits in its own bucket, from arrival on', () => {
    const one = folded([of({ startTime: NOW + 7 * HOUR })]);
    const buckets = [...(one.delta.series.spend_by_model?.keys() ?? [])];
    expect(buckets).toHaveLength(1);
    expect(buckets.every((bucket) => bucket > NOW)).toBe(true);
    expect(series(one, 'requests')).toEqual({ 'gpt-5|success': [1] });
  });

  it('each window takes what its edge lets in, and nothing before it', () => {
    const edge = (length: number, bucket: number): number => Math.floor((NOW - length) / bucket) * bucket;
    const at = (startTime: number): Folded =>
      folded([of({ startTime, endTime: NOW, status: 'failure', errorType: 'x' })]);
    const windows: readonly (readonly [SeriesKind, number, number])[] = [
      ['spend_by_model', 30 * DAY, 6 * HOUR],
      ['spend_by_key', 30 * DAY, 6 * HOUR],
      ['requests', DAY, 10 * 60_000],
      ['errors', HOUR, 30_000],
    ];
    for (const [kind, length, bucket] of windows) {
      expect(Object.keys(series(at(edge(length, bucket)), kind))).toHaveLength(1);
      expect(Object.keys(series(at(edge(length, bucket) - 1), kind))).toHaveLength(0);
    }
  });

  it('counters of a seed grow by rows that ended after the last applied commit, within ROW_MAX_AGE', () => {
    const ends = [NOW - 2 * DAY, NOW - 10_000, NOW - 5_000, NOW - 4_999];
    const facts = ends.map((endTime) => of({ endTime, startTime: endTime }));
    const count = (countersSince: number | null): Record<string, number> =>
      counters(folded(facts, { from: 'seed', snapshotTime: NOW, countersSince }), 'requests_processed');
    expect(count(null)).toEqual({});
    expect(count(NOW - 5_000)).toEqual({ 'gpt-5|success': 1 });
    expect(count(0)).toEqual({ 'gpt-5|success': 3 });
    expect(
      series(folded(facts, { from: 'seed', snapshotTime: NOW, countersSince: null }), 'spend_by_model')['gpt-5']?.[0],
    ).toBe(4);
  });

  describe('histograms', () => {
    const observed = (facts: Partial<SpendFact>, kind: 'request_duration' | 'time_to_first_token'): number[] | null => {
      const [one] = folded([of(facts)]).delta.histograms[kind]?.values() ?? [];
      return one === undefined ? null : [...one.buckets, one.sum[0]];
    };

    it('litellm_request_duration_seconds: the measured duration, else the end less the start; bounds belong to their bucket', () => {
      expect(observed({ durationMs: 500 }, 'request_duration')).toEqual([1, 0, 0, 0.5]);
      expect(observed({ durationMs: 501 }, 'request_duration')).toEqual([0, 1, 0, 0.501]);
      expect(observed({ durationMs: 90_000 }, 'request_duration')).toEqual([0, 0, 1, 90]);
      expect(observed({ durationMs: 0 }, 'request_duration')).toEqual([1, 0, 0, 0]);
      expect(observed({ startTime: NOW - 700, endTime: NOW }, 'request_duration')).toEqual([0, 1, 0, 0.7]);
    });

    it('litellm_time_to_first_token_seconds: from the start to the first token, where that lies before the end', () => {
      const times = { startTime: NOW - 1_000, endTime: NOW };
      expect(observed({ ...times, completionStartTime: NOW - 950 }, 'time_to_first_token')).toEqual([1, 0, 0.05]);
      expect(observed({ ...times, completionStartTime: NOW - 1_000 }, 'time_to_first_token')).toEqual([1, 0, 0]);
      for (const completionStartTime of [null, NOW, NOW - 1_001]) {
        expect(observed({ ...times, completionStartTime }, 'time_to_first_token')).toBeNull();
      }
    });

    it('failures, hits of the cache and durations below 0 are not observed', () => {
      const first = { completionStartTime: NOW - 900 };
      for (const facts of [
        { status: 'failure' as const, ...first },
        { cache: 'hit' as const, ...first },
      ]) {
        expect(observed(facts, 'request_duration')).toBeNull();
        expect(observed(facts, 'time_to_first_token')).toBeNull();
      }
      expect(observed({ durationMs: -1 }, 'request_duration')).toBeNull();
      expect(observed({ startTime: NOW + 1, endTime: NOW }, 'request_duration')).toBeNull();
    });
  });

  it('W9: what a fold keeps depends on its series, not on its rows', () => {
    const fold = new SpendFold(SETTINGS);
    fold.moveClock(NOW);
    const delta = new Delta();
    const byId: SpendById = { teams: new Map(), keys: new Map() };
    const rows = Array.from({ length: 8 }, (_, one) =>
      of({ model: `m${one % 2}`, apiKey: `k${one}`, tags: ['t'], startTime: NOW - one * HOUR, durationMs: one * 100 }),
    );
    for (let row = 0; row < 1_000_000; row++) fold.add(delta, byId, rows[row % 8] as SpendFact, STREAM);
    const sized = Object.values(delta.series).flatMap((kind) => [...kind.values()].map(({ size }) => size));
    expect(delta.rows).toBe(1_000_000);
    expect(sized.reduce((sum, size) => sum + size, 0)).toBeLessThan(100);
    expect(Object.values(delta.counters).reduce((sum, kind) => sum + kind.size, 0)).toBeLessThan(20);
    expect(byId.keys.size).toBe(8);
    expect(series({ delta, byId }, 'spend_by_model')).toEqual({
      m0: [500_000, 500_000, 1_500_000, 1_000_000, 500_000],
      m1: [500_000, 500_000, 1_500_000, 1_000_000, 500_000],
    });
  });
});
