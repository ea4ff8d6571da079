import { describe, expect, it } from '@jest/globals';
import { fixedClock } from '../clock.js';
import { Random } from '../random.js';
import { current } from '../schema/current.js';
import { buildWorld } from '../world/build-world.js';
import { worldSizes } from '../world/sizes.js';
import type { SpendLogRow } from './spend-log-row.js';
import { Traffic } from './traffic.js';

const NOW = Date.parse('2026-11-01T12:00:00Z');

function trafficOf(seed: number, promptBytes = 0): Traffic {
  const world = buildWorld(new Random(1), worldSizes.small, NOW);
  world.retire('a'.repeat(64));
  return new Traffic({ random: new Random(seed), world, clock: fixedClock(NOW), promptBytes, invented: true });
}

const rows = trafficOf(1).rows(5_000);
const failures = rows.filter((row) => row.status === 'failure');
const share = (holds: (row: SpendLogRow) => boolean): number => rows.filter(holds).length / rows.length;

describe('traffic', () => {
  it('is the same for the same seed and another for another', () => {
    expect(trafficOf(1).rows(200)).toEqual(rows.slice(0, 200));
    expect(trafficOf(2).row()).not.toEqual(rows[0]);
  });

  it('fills every column of the newest spend logs, with distinct request ids', () => {
    const columns = current.find(({ name }) => name === 'LiteLLM_SpendLogs')?.columns.map(({ name }) => name) ?? [];
    for (const row of rows.slice(0, 100)) expect(Object.keys(row).sort()).toEqual([...columns].sort());
    expect(new Set(rows.map((row) => row.request_id)).size).toBe(rows.length);
  });

  it('keeps whole numbers in 32 bits and times in whole milliseconds', () => {
    for (const row of rows) {
      for (const count of [row.total_tokens, row.prompt_tokens, row.completion_tokens, row.startTime, row.endTime]) {
        expect(Number.isInteger(count)).toBe(true);
      }
      expect(row.total_tokens).toBeLessThan(2 ** 31);
      expect(row.total_tokens).toBe(row.prompt_tokens + row.completion_tokens);
    }
  });

  it('makes rows of about 1.4 kB', () => {
    const bytes = rows.reduce((sum, row) => sum + JSON.stringify(row).length, 0) / rows.length;
    expect(bytes).toBeGreaterThan(1_400);
    expect(bytes).toBeLessThan(2_600);
  });

  it('writes failures with equal times, no cost and the error in the metadata', () => {
    expect(failures.length).toBeGreaterThan(150);
    for (const row of failures) {
      expect(row.endTime).toBe(row.startTime);
      expect([row.spend, row.total_tokens]).toEqual([0, 0]);
    }
    const told = failures.map((row) => JSON.stringify(row.metadata));
    expect(told.filter((text) => text.includes('Traceback')).length).toBeGreaterThan(failures.length * 0.8);
    expect(told.some((text) => text.includes('RateLimitError'))).toBe(true);
  });

  it('writes cache hits at no cost, in the words of Python', () => {
    expect(new Set(rows.map((row) => row.cache_hit))).toEqual(new Set(['True', 'False', 'None', '']));
    const hits = rows.filter((row) => row.cache_hit === 'True');
    expect(hits.every((row) => row.spend === 0 && row.total_tokens > 0)).toBe(true);
  });

  it("leaves user, team and organization '' more often than NULL", () => {
    for (const column of ['user', 'team_id', 'organization_id', 'end_user'] as const) {
      const empty = rows.filter((row) => row[column] === '').length;
      const missing = rows.filter((row) => row[column] === null).length;
      expect(missing).toBeGreaterThan(0);
      expect(empty).toBeGreaterThan(missing);
    }
  });

  it('has streams whose first token comes before the end', () => {
    const early = share((row) => row.completionStartTime !== null && row.completionStartTime < row.endTime);
    expect(early).toBeGreaterThan(0.2);
    expect(early).toBeLessThan(0.4);
  });

  it('tags requests twice with their client, repeats tags, and sends JSON in a string or no list at all', () => {
    const lists = rows.map((row) => row.request_tags).filter((tags) => Array.isArray(tags));
    expect(lists.some((tags) => tags.filter((tag) => String(tag).startsWith('User-Agent: ')).length === 2)).toBe(true);
    expect(lists.some((tags) => new Set(tags).size < tags.length)).toBe(true);
    expect(rows.some((row) => typeof row.request_tags === 'string')).toBe(true);
    expect(rows.some((row) => row.request_tags === null)).toBe(true);
    expect(rows.some((row) => typeof row.metadata === 'string')).toBe(true);
  });

  it('brings rows hours late, rows of the future, unnamed models, unknown keys and models, and free requests', () => {
    expect(rows.some((row) => row.endTime < NOW - 3_600_000)).toBe(true);
    expect(rows.some((row) => row.startTime > NOW)).toBe(true);
    expect(rows.some((row) => row.model === '')).toBe(true);
    expect(rows.some((row) => row.api_key === 'a'.repeat(64))).toBe(true);
    expect(failures.some((row) => row.model.endsWith('-invented'))).toBe(true);
    expect(share((row) => row.spend === 0)).toBeGreaterThan(0.1);
  });

  it('stores prompts of the size asked for', () => {
    const row = trafficOf(1, 10_000).row();
    expect(JSON.stringify(row.messages).length).toBeGreaterThan(10_000);
    expect(JSON.stringify(row.response).length).toBeGreaterThan(2_500);
  });

  it('lets the caller set any column', () => {
    expect(trafficOf(1).row({ model: 'mine', metadata: null })).toMatchObject({ model: 'mine', metadata: null });
  });
});
