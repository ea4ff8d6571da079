import { lsnOf } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import { HistoryWatch } from './history-watch.js';
import { RejectionLog } from './rejection-log.js';
import { SilenceWatch } from './silence-watch.js';

describe('the watch over backfills', () => {
  it('asks for a seed after more than 1,000 rows of history and 60 s of quiet', () => {
    const watch = new HistoryWatch();
    expect(watch.observe(600, 0)).toBe(false);
    expect(watch.observe(1_001, 30_000)).toBe(false);
    expect(watch.observe(1_001, 89_999)).toBe(false);
    expect(watch.observe(1_001, 90_000)).toBe(true);
  });

  it('waits on while rows of history still come', () => {
    const watch = new HistoryWatch();
    for (let second = 0; second < 300; second++) expect(watch.observe(5_000 + second, second * 1_000)).toBe(false);
    expect(watch.observe(5_299, 299_000 + 60_000)).toBe(true);
  });

  it('exactly 1,000 rows are not many', () => {
    const watch = new HistoryWatch();
    watch.observe(1_000, 0);
    expect(watch.observe(1_000, 1e9)).toBe(false);
  });

  it('after a seed, which begins the count anew, nothing is due', () => {
    const watch = new HistoryWatch();
    watch.observe(2_000, 0);
    expect(watch.observe(0, 60_000)).toBe(false);
    expect(watch.observe(0, 1e9)).toBe(false);
  });
});

describe('the watch over silent spend logs', () => {
  it('five minutes of growing spend without a row are silence, and a row ends it', () => {
    const watch = new SilenceWatch();
    watch.observe({ rows: 0, spendGrew: true }, 0);
    watch.observe({ rows: 0, spendGrew: true }, 60_000);
    expect(watch.silent(299_999)).toBe(false);
    expect(watch.silent(300_000)).toBe(true);
    watch.observe({ rows: 1, spendGrew: false }, 300_001);
    expect(watch.silent(1e9)).toBe(false);
  });

  it('no traffic at all is no silence, nor is spend that comes with its rows', () => {
    const watch = new SilenceWatch();
    watch.observe({ rows: 0, spendGrew: false }, 0);
    watch.observe({ rows: 3, spendGrew: true }, 1);
    expect(watch.silent(1e9)).toBe(false);
  });
});

describe('the log of what could not be used', () => {
  it('W10: says each reason once a minute, with its position and how much was left unsaid', () => {
    const lines: string[] = [];
    let now = 0;
    const log = new RejectionLog(
      (line) => lines.push(line),
      () => now,
    );
    log.reject('undecodable_message', 'of 12 bytes', lsnOf(0x16b374d848n));
    log.reject('unfoldable_row', 'TypeError', null);
    now = 59_999;
    log.reject('undecodable_message', 'of 13 bytes', null);
    log.reject('undecodable_message', 'of 14 bytes', null);
    now = 60_000;
    log.reject('undecodable_message', 'of 15 bytes', null);
    now = 120_000;
    log.reject('undecodable_message', 'of 16 bytes', null);
    expect(lines).toEqual([
      'passed over undecodable_message in the transaction at 16/B374D848: of 12 bytes',
      'passed over unfoldable_row outside of a transaction: TypeError',
      'passed over undecodable_message outside of a transaction: of 15 bytes (and 2 more since the last such line)',
      'passed over undecodable_message outside of a transaction: of 16 bytes',
    ]);
  });
});
